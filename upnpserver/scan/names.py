"""Names on a disk: what lies below what, and which are nobody's media."""

import os
import stat

from upnpserver.scan.messages import Stamp

# Folders that devices and systems keep for themselves.
_OF_SYSTEMS = {
    b"@eaDir",
    b"#recycle",
    b"$RECYCLE.BIN",
    b"System Volume Information",
    b"lost+found",
}


def is_shown(name: bytes) -> bool:
    """Tell whether a file or folder of this name is looked at at all."""
    return not name.startswith(b".") and name not in _OF_SYSTEMS


def stamp_of(path: bytes) -> Stamp | None:
    """Return what changes with a folder, None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116  bytes
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns
