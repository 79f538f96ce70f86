"""household.sqlite: what people did with the library. It is precious.

A catalog can be built again, this file can't: it is never set aside, its layout
is brought up to date in place, and each change is on the disk before the next.
There is no file before there is anything to keep.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from upnpserver.errors import HouseholdUnusable
from upnpserver.model import (
    MOST_DEVICES,
    Decision,
    GivenName,
    MadeRule,
    Play,
    SeenDevice,
)

HOUSEHOLD_FILE = "household.sqlite"
MOST_PLAYED = 10_000  # items; what was played longest ago is forgotten first
_APPLICATION_ID = 0x55504E48  # "UPNH"
# What each version has more than the one before. Only ever add to it.
_STEPS = (
    "create table play (item text primary key, count integer not null,"
    " played_s integer not null, position_percent integer not null) without rowid",
    "create table device (place text not null, family text not null,"
    " address text not null, mac text not null, signal text not null,"
    " value text not null, first_s integer not null, last_s integer not null,"
    " primary key (place, family)) without rowid",
    "create table decision (place text primary key, decided text not null,"
    " decided_s integer not null) without rowid",
    "alter table play add column position_ms integer not null default 0",
    "create table rule (kind text not null, name text not null, told text not null,"
    " changed_s integer not null, primary key (kind, name)) without rowid",
    "create table device_name (place text primary key, name text not null,"
    " named_s integer not null) without rowid",
)
_PLAYS_SINCE, _DEVICES_SINCE, _DECISIONS_SINCE = 1, 2, 3  # the versions
_TIMES_SINCE, _RULES_SINCE, _NAMES_SINCE = 4, 5, 6
_BUSY_S = 2.0  # whoever looks into it with a tool may hold it for a moment


class Household:
    """The file, for one process and any of its threads.

    All of it raises HouseholdUnusable if the file is damaged, or another's, or of
    a newer version; write() also if the disk is full or read-only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def plays(self) -> dict[str, Play]:
        """Return what was played, by net.plays.key_of(). Changes nothing."""
        columns = "item, count, played_s, position_percent"
        found = self._read(
            f"select {columns} from play",
            _PLAYS_SINCE,
            (f"select {columns}, position_ms from play", _TIMES_SINCE),
        )
        return {item: Play(*play) for item, *play in found}

    def devices(self) -> list[SeenDevice]:
        """Return the devices seen, the latest first. Changes nothing."""
        found = self._read(
            "select address, mac, family, signal, value, first_s, last_s from device"
            " order by last_s desc, place, family",
            _DEVICES_SINCE,
        )
        return [SeenDevice(*row) for row in found]

    def decisions(self) -> dict[str, Decision]:
        """Return what was decided of devices, by place. Changes nothing."""
        found = self._read(
            "select place, decided, decided_s from decision", _DECISIONS_SINCE
        )
        return {place: Decision(*decision) for place, *decision in found}

    def names(self) -> dict[str, GivenName]:
        """Return what devices are called, by place. Changes nothing."""
        found = self._read("select place, name, named_s from device_name", _NAMES_SINCE)
        return {place: GivenName(*name) for place, *name in found}

    def write_names(self, names: Mapping[str, GivenName]) -> None:
        """Keep what devices are called, and forget what is empty: in a thread."""
        with self._changed() as rows:
            rows.executemany(
                "insert or replace into device_name values (?, ?, ?)",
                [(place, *name) for place, name in names.items()],
            )
            rows.execute("delete from device_name where name = ''")

    def rules(self) -> list[MadeRule]:
        """Return the rules made while the server ran. Changes nothing."""
        found = self._read(
            "select kind, name, told, changed_s from rule order by kind, name",
            _RULES_SINCE,
        )
        return [MadeRule(*row) for row in found]

    def write_rule(self, rule: MadeRule) -> None:
        """Keep a rule; nothing told: forget the one of that name. In a thread."""
        with self._changed() as rows:
            if rule.told:
                rows.execute("insert or replace into rule values (?, ?, ?, ?)", rule)
            else:
                rows.execute("delete from rule where kind = ? and name = ?", rule[:2])

    def write(self, plays: Mapping[str, Play]) -> None:
        """Keep what was played: in a thread, as it waits for the disk."""
        with self._changed() as rows:
            rows.executemany(
                "insert or replace into play values (?, ?, ?, ?, ?)",
                [(item, *play) for item, play in plays.items()],
            )
            rows.execute(
                "delete from play where item in (select item from play"
                " order by played_s desc, item limit -1 offset ?)",
                (MOST_PLAYED,),
            )

    def write_devices(self, devices: Mapping[tuple[str, str], SeenDevice]) -> None:
        """Keep devices seen, by place and family: in a thread, as write()."""
        with self._changed() as rows:
            rows.executemany(
                "insert or replace into device (place, family, address, mac, signal,"
                " value, first_s, last_s) values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (place, family, one.address, one.mac, *one[3:])
                    for (place, family), one in devices.items()
                ],
            )
            rows.execute(
                "delete from device where (place, family) in (select place, family"
                " from device order by last_s desc, place, family limit -1 offset ?)",
                (MOST_DEVICES,),
            )

    def write_decisions(self, decisions: Mapping[str, Decision]) -> None:
        """Keep what was decided, and forget what no longer is: in a thread."""
        with self._changed() as rows:
            rows.executemany(
                "insert or replace into decision values (?, ?, ?)",
                [(place, *decision) for place, decision in decisions.items()],
            )
            rows.execute("delete from decision where decided = ''")

    def kept(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of every table, by table and column. Changes nothing."""
        if not self._path.exists():
            return {}
        with self._opened("ro") as rows:
            _version(rows)
            found = {}
            for name in _tables(rows):
                cursor = rows.execute(f"select * from {name}")
                columns = [column[0] for column in cursor.description]
                found[name] = [dict(zip(columns, row, strict=True)) for row in cursor]
            return found

    def forget(self, places: Collection[str] | None) -> None:
        """Forget what is kept of devices by their places; None: forget all.

        Afterwards its bytes are in the file no more: in a thread, as write().
        """
        if not self._path.exists():
            return
        with self._opened("rw") as rows:
            _version(rows)
            rows.execute("pragma synchronous = full")
            rows.execute("pragma secure_delete = on")
            rows.execute("begin immediate")
            for name in _tables(rows):
                columns = rows.execute(f"pragma table_info({name})").fetchall()
                if places is None:
                    rows.execute(f"delete from {name}")
                elif any(column[1] == "place" for column in columns):
                    rows.executemany(
                        f"delete from {name} where place = ?",
                        [(place,) for place in places],
                    )
            rows.execute("commit")
            rows.execute("vacuum")

    def _read(
        self, query: str, since: int, later: tuple[str, int] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a table that there is since a version.

        later: the query, and the version since which it is the one to ask.
        """
        if not self._path.exists():
            return []
        with self._opened("ro") as rows:
            version = _version(rows)
            if version < since:
                return []
            if later is not None and version >= later[1]:
                query = later[0]
            (found,) = rows.execute("pragma quick_check(1)").fetchone()
            if found != "ok":
                raise HouseholdUnusable(found.splitlines()[0])
            return rows.execute(query).fetchall()

    @contextmanager
    def _changed(self) -> Iterator[sqlite3.Connection]:
        """Change the file, its layout brought up to date, in one transaction."""
        with self._opened("rwc") as rows:
            rows.execute("pragma synchronous = full")
            rows.execute("begin immediate")
            for number, step in enumerate(_STEPS[_version(rows) :], _version(rows) + 1):
                rows.execute(step)
                rows.execute(f"pragma user_version = {number}")
                rows.execute(f"pragma application_id = {_APPLICATION_ID}")
            yield rows
            rows.execute("commit")

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        with self._lock:
            try:
                rows = sqlite3.connect(
                    uri, uri=True, isolation_level=None, timeout=_BUSY_S
                )
                with closing(rows):  # rolls back what was not committed
                    yield rows
            except sqlite3.Error as error:
                raise HouseholdUnusable(str(error)) from error


def _tables(rows: sqlite3.Connection) -> list[str]:
    found = rows.execute(
        "select name from sqlite_schema where type = 'table' order by rowid"
    )
    return [name for (name,) in found]


def _version(rows: sqlite3.Connection) -> int:
    """Return how many steps were taken. Raises HouseholdUnusable."""
    (version,) = rows.execute("pragma user_version").fetchone()
    (application,) = rows.execute("pragma application_id").fetchone()
    (tables,) = rows.execute("select count(*) from sqlite_schema").fetchone()
    if (version, application, tables) == (0, 0, 0):
        return 0
    if application != _APPLICATION_ID:
        raise HouseholdUnusable("it is another program's")
    if version > len(_STEPS):
        raise HouseholdUnusable(f"it was made by a newer version ({version})")
    return int(version)
