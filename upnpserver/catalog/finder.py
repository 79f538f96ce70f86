"""Searches below a container, as pages.

An item lies in several containers. A search finds it once: as the original if
that lies below the container, else as a reference there. Only a criteria that
asks for ids or references gets each form that fits. Source: ContentDirectory:1
section 2.7.5; reference content-directory.md section 4.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain

from upnpserver.catalog.compile import order_by
from upnpserver.catalog.entries import Found, entry_of, found_of, window_of
from upnpserver.catalog.forms import Forms, form_of, names_ids
from upnpserver.catalog.letters import Letters
from upnpserver.catalog.living import Living
from upnpserver.catalog.ordered import numbers
from upnpserver.catalog.packed import both, rows_in
from upnpserver.catalog.remembered import Remembered
from upnpserver.catalog.schema import ROOT_ROW
from upnpserver.catalog.scope import Scope, below
from upnpserver.catalog.search import Search
from upnpserver.errors import CannotProcess, NoSuchContainer
from upnpserver.model import Entry, Page, SortKey, Window
from upnpserver.upnp.criteria import Criteria

_LIMIT_S = 1.0
_SCOPE_LIMIT_S = 5.0  # once for each state of the catalog: it is remembered
_STEPS_BETWEEN_CHECKS = 10_000  # of SQLite's machine: some 0.1 ms
_AT_ONCE = 500
_TOO_LONG = "the search took too long"


class Finder:
    """The searches of one reader, inside its transactions."""

    def __init__(
        self,
        rows: sqlite3.Connection,
        living: Living,
        letters: Letters,
        remembered: Remembered,
    ) -> None:
        self._rows, self._remembered = rows, remembered
        self._living, self._letters = living, letters

    def search(
        self,
        container_id: str,
        criteria: Criteria,
        window: Window,
        sort: tuple[SortKey, ...],
        state: int,
    ) -> Page:
        """Return a window of what matches; state: the catalog's update id.

        Raises NoSuchContainer; CannotProcess if it would take too long.
        """
        update_id, make = self._place(container_id)
        place = (state, container_id, update_id)
        with self._time_limit(_SCOPE_LIMIT_S):
            scope = self._remembered.scopes.get(place, make)
        with self._time_limit(_LIMIT_S) as in_time:
            order = self._remembered.ordered.get(
                (*place, criteria, sort),
                lambda: self._in_order(scope, criteria, sort, in_time),
            )
            shown = window_of(order, window)
            forms = map(form_of, shown) if names_ids(criteria) else None
            entries = self._entries(shown, forms, scope)
        return Page(tuple(entries), len(order), update_id)

    def _place(self, container_id: str) -> tuple[int, Callable[[], Scope]]:
        """Return a container's update id, and what makes its scope."""
        found = self._rows.execute(
            "select id, update_id from object where object_id = ? and is_container",
            (container_id,),
        ).fetchone()
        if found is not None:
            row, update_id = found
            if row == ROOT_ROW:
                return update_id, Scope
            return update_id, lambda: below(self._rows, [row])
        held = self._living.held(container_id) or self._letters.held(container_id)
        if held is None:
            raise NoSuchContainer
        update_id, tops = held
        return update_id, lambda: self._below_unstored(tops)

    def _below_unstored(self, tops: Mapping[int, str]) -> Scope:
        containers = self._rows.execute(
            "select object.id from json_each(?) cross join object"
            " on object.id = value"
            " where is_container",
            (json.dumps(list(tops)),),
        )
        return below(self._rows, [row for (row,) in containers], tops)

    def _in_order(
        self,
        scope: Scope,
        criteria: Criteria,
        sort: tuple[SortKey, ...],
        in_time: Callable[[], None],
    ) -> Iterable[int]:
        """Return rows, or numbers of forms, in their order."""
        search = Search(self._rows, in_time)
        among = search.everything()
        if scope.objects is not None:
            among = both(among, scope.objects)
        if names_ids(criteria):
            forms = Forms(self._rows, search, scope, in_time).found(criteria, among)
            return self._sorted_forms(sorted(forms), sort)
        rows = rows_in(search.found(criteria, among))
        return self._rows_in_order(list(rows), sort) if sort else rows

    def _sorted_forms(
        self, forms: list[int], sort: tuple[SortKey, ...]
    ) -> Iterable[int]:
        if not sort:
            return forms
        of_rows: dict[int, list[int]] = {}
        for number in forms:
            of_rows.setdefault(form_of(number)[0], []).append(number)
        order = self._rows_in_order(list(of_rows), sort)
        return chain.from_iterable(of_rows[row] for row in order)

    def _rows_in_order(
        self, wanted: list[int], sort: tuple[SortKey, ...]
    ) -> Iterable[int]:
        """Return rows sorted: by themselves, even if they are the whole catalog's."""
        return numbers(
            self._rows.execute(
                "select object from json_each(?) cross join found"
                f" on found.object = value order by {order_by(sort)} object",
                (json.dumps(wanted),),
            )
        )

    def _entries(
        self, rows: Sequence[int], forms: Iterable[tuple[int, int]] | None, scope: Scope
    ) -> list[Entry]:
        """Return entries of rows as they are found, or of forms as they are."""
        pairs = None if forms is None else list(forms)
        found = found_of(self._rows, [row for row, _ in pairs] if pairs else rows)
        if pairs is None:
            pairs = self._places(found, scope)
        parents = self._object_ids({parent for _, parent in pairs})
        return [
            self._living.counted(
                entry_of(entry, parent or None, parents.get(parent) or scope.tops[row])
            )
            for entry, (row, parent) in zip(found, pairs, strict=True)
        ]

    def _places(self, found: Sequence[Found], scope: Scope) -> list[tuple[int, int]]:
        """Return (row, container's row) of objects where they are found once.

        0: in a container without a row.
        """
        places = {}
        for row, _, parent, *_ in found:
            if scope.holds_children_of(parent):
                places[row] = parent
            elif row in scope.tops:
                places[row] = 0
        elsewhere = [one[0] for one in found if one[0] not in places]
        for start in range(0, len(elsewhere), _AT_ONCE):
            having = self._rows.execute(
                "select child.object, child.parent from json_each(?) cross join child"
                " on child.object = value order by child.parent desc",
                (json.dumps(elsewhere[start : start + _AT_ONCE]),),
            )
            places |= {row: at for row, at in having if scope.holds_children_of(at)}
        return [(one[0], places[one[0]]) for one in found]

    def _object_ids(self, rows: Iterable[int]) -> dict[int, str]:
        return dict(
            self._rows.execute(
                "select object.id, object_id from json_each(?) cross join object"
                " on object.id = value",
                (json.dumps(list(rows)),),
            )
        )

    @contextmanager
    def _time_limit(self, limit_s: float) -> Iterator[Callable[[], None]]:
        """End a search that takes too long with CannotProcess.

        SQLite is asked by its machine's steps; what is done outside asks by itself.
        """
        end = time.monotonic() + limit_s

        def in_time() -> None:
            if time.monotonic() > end:
                raise CannotProcess(_TOO_LONG)

        self._rows.set_progress_handler(
            lambda: time.monotonic() > end, _STEPS_BETWEEN_CHECKS
        )
        try:
            yield in_time
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise CannotProcess(_TOO_LONG) from error
        finally:
            self._rows.set_progress_handler(None, 0)
