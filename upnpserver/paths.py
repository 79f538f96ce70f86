"""Paths of files in a library: always bytes, as a name need not be text."""


def joined(directory: bytes, path: bytes) -> bytes:
    """Return the path of what lies in a directory.

    Either may be empty: the root of relative paths, or the directory itself.
    """
    return directory + b"/" + path if directory and path else directory or path


def is_below(path: bytes, directory: bytes) -> bool:
    """Tell whether path is directory, or lies somewhere in it."""
    return not directory or path == directory or path.startswith(directory + b"/")
