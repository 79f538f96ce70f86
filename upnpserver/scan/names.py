"""Which names on a disk are nobody's media. Pure."""

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


def joined(directory: bytes, name: bytes) -> bytes:
    """Return the path, relative to the root, of what lies in a directory."""
    return directory + b"/" + name if directory else name


def is_below(path: bytes, directory: bytes) -> bool:
    """Tell whether path is directory, or lies somewhere in it."""
    return not directory or path == directory or path.startswith(directory + b"/")
