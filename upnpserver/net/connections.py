"""How many connections there are, and which one gives way when they are too many.

Silent connections must not lock a TV out: whoever waits longest gives way,
whoever is being answered stays.

Source: security.md requirement 21.
"""

from typing import Protocol

from upnpserver.net.limits import Limits


class Connection(Protocol):
    """What is counted here."""

    @property
    def host(self) -> str:
        """The other end's address."""

    def retire(self) -> None:
        """End, if it waits for a request; else after the answer."""

    def give_way(self) -> None:
        """End at once; remove() may come later."""


class Connections:
    """All open connections; those that wait for a request in order of their wait."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[Connection, None] = {}
        self._waiting: dict[Connection, None] = {}
        self._per_peer: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def all(self) -> list[Connection]:
        """Return every open connection, the oldest first."""
        return list(self._open)

    def add(self, connection: Connection) -> bool:
        """Count a new one, which waits; True if somebody now has to give way."""
        self._open[connection] = self._waiting[connection] = None
        host = connection.host
        self._per_peer[host] = self._per_peer.get(host, 0) + 1
        return self._is_over(host)

    def remove(self, connection: Connection) -> None:
        """Forget one that has ended, or is about to; a second time does nothing."""
        self._waiting.pop(connection, None)
        if connection not in self._open:
            return
        del self._open[connection]
        self._per_peer[connection.host] -= 1
        if not self._per_peer[connection.host]:
            del self._per_peer[connection.host]

    def wait(self, connection: Connection) -> None:
        """Note that nobody works for it from now on: it waits, or is ending."""
        if connection in self._open:
            self._waiting[connection] = None

    def work(self, connection: Connection) -> bool:
        """Note that it is about to be answered; False if there is no room for that."""
        self._waiting.pop(connection, None)
        if self._is_over(connection.host):
            self.make_room()
        return not self._is_over(connection.host)

    def make_room(self) -> None:
        """Let those that wait longest give way until all is within the limits.

        A peer with too many gives up its own first: it must not push out the
        one silent connection of a TV.
        """
        for is_over in (self._is_peer_over, self._are_all_over):
            for connection in list(self._waiting):
                if is_over(connection.host):
                    self.remove(connection)
                    connection.give_way()

    def _is_over(self, host: str) -> bool:
        return self._are_all_over(host) or self._is_peer_over(host)

    def _is_peer_over(self, host: str) -> bool:
        return self._per_peer.get(host, 0) > self._limits.connections_per_peer

    def _are_all_over(self, _: str) -> bool:
        return len(self._open) > self._limits.connections
