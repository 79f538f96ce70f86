"""What GetProtocolInfo tells: the forms in which the catalog's items are sent.

For those who don't see everything, of the items that they see.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from upnpserver.dlna.converted import sources
from upnpserver.dlna.protocolinfo import source_protocol_info
from upnpserver.errors import CannotProcess
from upnpserver.policy import ClientPolicy


class SourceInfo:
    """The SourceProtocolInfo of each catalog.

    served: the name of a visibility -> what is in its catalog. changed: called with
    that name when another text is told.
    """

    def __init__(
        self,
        served: Callable[[str], Deferred[list[tuple[str, str]]]],
        changed: Callable[[str, str], None],
    ) -> None:
        self._served, self._changed = served, changed
        self._before_any = source_protocol_info()
        self._texts: dict[str, str] = {}

    def told_to(self, policy: ClientPolicy) -> str:
        """Return it as protocolInfo in a CSV."""
        text = self._texts.get(policy.audience, self._before_any)
        known = set(text.split(","))
        # What is converted for it as well: some hide what isn't in the list.
        more = [one for one in sources(policy.needs.instead) if one not in known]
        return ",".join([text, *more]) if more else text

    def look(self, name: str) -> None:
        """Look what a catalog holds now."""

        def told(served: list[tuple[str, str]]) -> None:
            text = source_protocol_info(served)
            if text != self._texts.get(name, self._before_any):
                self._texts[name] = text
                self._changed(name, text)

        def untold(failure: Failure) -> None:
            # With a damaged catalog it stays as it is.
            failure.trap(CannotProcess)  # type: ignore[no-untyped-call]

        self._served(name).addCallbacks(told, untold)
