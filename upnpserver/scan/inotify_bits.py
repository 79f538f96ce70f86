"""The bits of inotify's masks, for who adds watches and who reads the events.

Source: inotify(7), linux/inotify.h.
"""

from typing import Final

MODIFY: Final = 0x2
ATTRIB: Final = 0x4
CLOSE_WRITE: Final = 0x8
MOVED_FROM: Final = 0x40
MOVED_TO: Final = 0x80
CREATE: Final = 0x100
DELETE: Final = 0x200
MOVE_SELF: Final = 0x800
# Told unasked.
UNMOUNT: Final = 0x2000
OVERFLOW: Final = 0x4000
IGNORED: Final = 0x8000
ISDIR: Final = 0x40000000
# How a watch is added.
ONLYDIR: Final = 0x01000000
EXCL_UNLINK: Final = 0x04000000
