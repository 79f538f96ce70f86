"""Who is asking, as one value that travels with every request.

Decided once at the door (net/site), passed as a plain argument to catalog,
DIDL, streams, art and events. Later rules (devices, households) add fields
here; nothing else asks "which device is this?".
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """What the asking device needs, and what it may see.

    device: name of the device rule that matched, for logs and explanations.
    any_transfer_mode: it asks for films with transferMode Interactive, and plays
    nothing if that is refused.
    letters_from: lists that are longer are split by letter; 0: none is.
    """

    device: str = "generic"
    any_transfer_mode: bool = False
    letters_from: int = 0


EVERYONE = ClientPolicy()
