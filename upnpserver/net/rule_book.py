"""The household's rules, changed while the server runs.

Those of the configuration, with those that the owner made on his page: one of the
same name replaces it. A change is checked as a whole before anything of it is kept.
"""

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from upnpserver.catalog.household import Household
from upnpserver.config import Config
from upnpserver.errors import ConfigError, HouseholdUnusable
from upnpserver.model import MadeRule
from upnpserver.net.disks import InThread
from upnpserver.net.owner import Command, Question
from upnpserver.rules.profiles import HouseRules
from upnpserver.settings.rule_tables import lock_table, profile_table
from upnpserver.settings.rules import known_of, with_made

KINDS: Final = ("profile", "lock", "new_devices")
MOST_RULES: Final = 100
MAX_NAME: Final = 60


class RuleBook:
    """What holds, and why.

    use: is given the rules whenever they change. in_thread: runs work that waits.
    """

    log = Logger()

    def __init__(
        self,
        config: Config,
        household: Household,
        in_thread: InThread,
        use: Callable[[HouseRules], None],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._config, self._household, self._in_thread = config, household, in_thread
        self._use, self._now_s = use, now_s
        self._made: list[MadeRule] = []

    def opened(self) -> HouseRules:
        """Return the rules that hold at the start, waiting for the disk.

        Raises ConfigError if one that was made no longer fits the configuration:
        without it, something might be seen that is to be hidden.
        """
        try:
            self._made = self._household.rules()
        except HouseholdUnusable:
            return self._config.rules  # others have told, and why
        return self._with(self._made)

    def follow(self, config: Config) -> None:
        """Take the rules of a configuration that was changed. Raises ConfigError."""
        before, self._config = self._config, config
        try:
            rules = self._with(self._made)
        except ConfigError:
            self._config = before
            raise
        self._use(rules)

    def forget(self) -> None:
        """Forget all that was made; the file is another's."""
        if self._made:
            self._made = []
            self._use(self._config.rules)

    def commands(self) -> dict[str, Command]:
        """Return the commands of net.owner by their names."""
        return {"rule": self._change, "rule-tables": self._told}

    def _with(self, made: list[MadeRule]) -> HouseRules:
        return with_made(self._config.rules, made, known_of(self._config))

    def _change(self, question: Question) -> Deferred[Mapping[str, object]]:
        """Make, change or remove one. Raises ConfigError."""
        changed = self._asked_for(question)
        made = [one for one in self._made if one[:2] != changed[:2]]
        if len(made) == len(self._made) and not changed.told:
            raise ConfigError(
                f"no {changed.kind} {changed.name!r} was made on the owner's page"
            )
        if changed.told:
            made.append(changed)
        if len(made) > MOST_RULES:
            raise ConfigError(f"there are more than {MOST_RULES} rules")
        rules = self._with(made)
        written: Deferred[Any] = self._in_thread(
            partial(self._household.write_rule, changed)
        )
        return written.addCallback(lambda _: self._changed(made, rules))

    def _changed(self, made: list[MadeRule], rules: HouseRules) -> Mapping[str, object]:
        self._made = made
        self._use(rules)
        return {}

    def _asked_for(self, question: Question) -> MadeRule:
        kind, name = question.get("kind"), question.get("name")
        if kind not in KINDS or not isinstance(name, str) or len(name) > MAX_NAME:
            raise ConfigError("that is no rule")
        table = question.get("table")
        told = ""
        if kind == "new_devices":
            told = str(table or "")
        elif isinstance(table, dict):
            if kind == "lock" and not table.get("pin"):  # as it was
                table |= {"pin": self._pin_of(name)}
            every = {library.name for library in self._config.libraries}
            if every == set(table.get("libraries", ())):  # and those to come
                del table["libraries"]
            told = json.dumps(table)
        return MadeRule(str(kind), name.strip(), told, int(self._now_s()))

    def _pin_of(self, name: str) -> str:
        locks = self._with(self._made).locks
        return next((lock.pin for lock in locks if lock.name == name), "")

    def _told(self, question: Question) -> Mapping[str, object]:
        """Return the tables of all rules; made: those that can be removed here."""
        rules = self._with(self._made)
        return {
            "profiles": list(map(profile_table, rules.profiles)),
            "locks": [lock_table(lock) | {"pin": ""} for lock in rules.locks],
            "new_devices": rules.new_devices,
            "libraries": [library.name for library in self._config.libraries],
            "made": [one[:2] for one in self._made],
        }
