"""A TCP connection that can send an answer at once, not a reactor turn later.

Twisted keeps what is written until the reactor says that the socket has room,
which it nearly always has: that costs each small answer two system calls and
a turn, a fifth of what the door does for a request.
"""

from twisted.internet import tcp


class PromptServer(tcp.Server):
    """A connection that sends what is complete at once, while nothing waits."""

    def send(self, data: bytes) -> None:
        """Send data now; what can't go now goes as if it had been written."""
        if self._can_send_now():
            sent = self.writeSomeData(data)
            if isinstance(sent, int):  # a lost connection is seen to in its turn
                data = data[sent:]
        if data:
            self.write(data)  # type: ignore[no-untyped-call]

    def _can_send_now(self) -> bool:
        return bool(
            self.connected
            and not self.TLS
            and not self.disconnecting
            and not self._aborting
            and not self.dataBuffer
            and not self._tempDataLen
        )
