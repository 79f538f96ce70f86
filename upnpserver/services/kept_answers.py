"""Answers kept for whoever asks the same again, while nothing has changed.

A household's devices read the same pages over and over: the root, the first page
of each list, and what stood above when somebody comes back. Such an answer is sent
again as it was, without reading the catalog, sorting or writing DIDL-Lite.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping

from upnpserver.services.content_directory import Asker, OutArguments

_ACTIONS = frozenset({"Browse", "Search"})  # they change nothing
_OVERHEAD_BYTES = 1500  # of an answer and its key beside their text
_LARGEST = 4  # of them fill all


def key_of(action: str, arguments: Mapping[str, str], asker: Asker) -> Hashable | None:
    """Return what tells apart all that is answered differently, None to keep none.

    It holds the whole policy, how the server is, and what the asker's group played:
    each has its own plays, and one's must not end what is kept for the others. Who may
    enter a PIN is answered anew each time: what it is told depends on when it tried.
    """
    if action not in _ACTIONS or asker.pin_door is not None:
        return None
    plays = asker.plays.version if asker.plays else None
    told = tuple(asker.status.lines()) if asker.status else None
    return action, tuple(arguments.items()), asker.policy, asker.base_url, plays, told


class KeptAnswers:
    """Recent answers of one catalog, least recently used out first.

    max_bytes: of all answers together. What is larger than a quarter isn't kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[Hashable, tuple[OutArguments, int]] = OrderedDict()
        self._bytes = 0
        self._state: Hashable = None

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
        self._bytes = 0

    def get(self, key: Hashable, state: Hashable) -> OutArguments | None:
        """Return what was kept under a key in this state, None for nothing.

        state: of all that answers are made from. Of another one than before
        nothing is left.
        """
        if state != self._state:
            self.clear()
            self._state = state
        kept = self._answers.get(key)
        if kept is None:
            return None
        self._answers.move_to_end(key)
        return kept[0]

    def keep(self, key: Hashable, state: Hashable, answer: OutArguments) -> None:
        """Keep an answer that was made after this state was seen.

        It may know of what came later; then the state is another one by now, and
        the answer is never given.
        """
        size = _OVERHEAD_BYTES + sum(len(value) for _, value in answer)
        if state != self._state or key in self._answers:
            return
        if size * _LARGEST > self._max_bytes:
            return
        self._answers[key] = answer, size
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, (_, dropped) = self._answers.popitem(last=False)
            self._bytes -= dropped
