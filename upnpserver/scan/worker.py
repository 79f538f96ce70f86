"""The scanner process: walk, probe, write, and wait for the next order.

Started by the server (start.py) with one order a line on standard input; tells
what it does in messages on standard output. Standard input that ends means that
there is nothing more to do, or that the server is gone: the transaction at hand
is finished, then the process ends.
"""

import gc
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from upnpserver.catalog.schema import set_aside
from upnpserver.catalog.writer import Writer
from upnpserver.errors import (
    CatalogUnusable,
    MalformedRequest,
    ProbesUnavailable,
    StateFolderError,
)
from upnpserver.scan.children import Child
from upnpserver.scan.following import Partials
from upnpserver.scan.messages import (
    MAX_LINE_BYTES,
    Message,
    Order,
    Scan,
    Trouble,
    from_line,
    to_line,
)
from upnpserver.scan.order import Means, OneOrder, Tell
from upnpserver.scan.pool import ProbePool
from upnpserver.scan.watches import Watches

# Python looks for cycles in all that lives after so many new objects. Hardly any
# are made here, and a batch of files waits in tens of thousands of objects.
_GARBAGE_AFTER = 50_000


def scan(order: Scan, tell: Tell, stopping: Callable[[], bool] = lambda: False) -> None:
    """Bring the catalog up to date with the disks; tell what happens.

    Files that may still be written are waited for. A catalog that can't be
    used is set aside and built again at once.

    Raises StateFolderError if the catalog can't be written.
    """
    with closing(Session(tell, stopping)) as session:
        session.do(order)


class Session:
    """The catalog and the probes, kept from one order to the next."""

    def __init__(
        self, tell: Tell, stopping: Callable[[], bool], watches: Watches | None = None
    ) -> None:
        self._means = Means(ProbePool(), tell, stopping, Partials(tell), watches)
        self._writer: Writer | None = None

    def adopt(self, child: Child[Any]) -> None:
        """Take in a probe that was just started."""
        self._means.pool.adopt(child)

    def close(self) -> None:
        """End the probes and close the catalog."""
        self._means.pool.close()
        self._means.partials.close()
        self._close_writer()

    def do(self, order: Order) -> None:
        """Carry out one order. Raises StateFolderError."""
        path = Path(os.fsdecode(order.catalog))
        try:
            self._do(path, order)
        except CatalogUnusable as error:
            self._close_writer()
            kept = set_aside(path)
            self._means.tell(
                Trouble(f"the catalog can't be used ({error}): it is now {kept.name}")
            )
            whole = Scan(
                order.catalog,
                order.roots,
                busy=order.busy,
                language=order.language,
                partials=order.partials,
            )
            self._do(path, whole)

    def _do(self, path: Path, order: Order) -> None:
        check = isinstance(order, Scan) and order.check
        if check:
            self._close_writer()
        is_new = self._writer is None
        writer = self._writer = self._writer or Writer(
            path, check=check, language=order.language
        )
        OneOrder(self._means, writer, order).run(is_first=is_new)

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class _Orders:
    """The lines of standard input, read while an order is carried out."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Order | None:
        """Wait for an order; None: there will be no more.

        Raises MalformedRequest.
        """
        line = self._lines.get()
        if not line:
            return None
        order = from_line(line)
        if not isinstance(order, Order):
            raise MalformedRequest("not an order")
        return order

    def _listen(self) -> None:
        # Not by sys.stdin: Python ends badly while a thread waits in that.
        with open(0, "rb", closefd=False) as lines:
            while line := lines.readline(MAX_LINE_BYTES):
                self._lines.put(line)
        self.ended.set()
        self._lines.put(b"")


def main(fd: int | None, child: Child[Any] | None = None) -> int:
    """Carry out what standard input asks for; return the exit code.

    fd: the server's inotify descriptor, to which watches are added. child: a
    probe that is already starting.
    """
    gc.freeze()
    gc.set_threshold(_GARBAGE_AFTER)
    orders = _Orders()
    session = Session(_tell_server, orders.ended.is_set, Watches(fd, _tell_server))
    if child is not None:
        session.adopt(child)
    with closing(session):
        return _obey(orders, session)


def _obey(orders: _Orders, session: Session) -> int:
    try:
        while (order := orders.next()) is not None:
            session.do(order)
    except MalformedRequest:
        return 2
    except (StateFolderError, ProbesUnavailable) as error:
        _tell_server(Trouble(str(error)))
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _tell_server(message: Message) -> None:
    sys.stdout.buffer.write(to_line(message))
    sys.stdout.buffer.flush()
