"""The configuration, read again while the server runs (SIGHUP).

Rules and devices hold at once; what else has changed needs a restart, and the log
says so. One with a mistake changes nothing.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Final

from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.config import Config
from upnpserver.errors import ConfigError
from upnpserver.net.disks import InThread

AT_ONCE: Final = ("rules", "devices", "families", "letters_from")


class Reload:
    """Reads and applies it.

    reread: returns the configuration as it is now, waiting for a disk; raises
    ConfigError. apply: lets what of it holds at once hold; raises ConfigError.
    """

    log = Logger()

    def __init__(
        self,
        config: Config,
        reread: Callable[[], Config],
        in_thread: InThread,
        apply: Callable[[Config], None],
    ) -> None:
        self._config, self._reread = config, reread
        self._in_thread, self._apply = in_thread, apply

    def begin(self) -> None:
        """Read the configuration, and let it hold."""
        read = self._in_thread(self._reread)
        read.addCallback(self._follow)
        read.addErrback(self._refused)

    def _follow(self, config: Config) -> None:
        self._apply(config)
        self.log.info("the configuration was read again: its rules and devices hold")
        if waiting := changed_otherwise(self._config, config):
            self.log.warn("changes of {keys} need a restart", keys=", ".join(waiting))

    def _refused(self, failure: Failure) -> None:
        failure.trap(ConfigError)  # type: ignore[no-untyped-call]
        self.log.warn("the configuration is not changed: {error}", error=failure.value)


def changed_otherwise(before: Config, after: Config) -> list[str]:
    """Return the keys whose values differ and don't hold at once. Pure."""
    return [
        one.name
        for one in fields(Config)
        if one.name not in AT_ONCE
        and getattr(before, one.name) != getattr(after, one.name)
    ]
