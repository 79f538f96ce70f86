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
    """

    device: str = "generic"


EVERYONE = ClientPolicy()
