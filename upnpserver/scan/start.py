"""How a scanner process begins: with its first probe child, when one is needed.

    python -m upnpserver.scan.start [FD] [probe]

FD: see worker.py. "probe": there will be a file to read at once. Child and
scanner have each some hundred modules to load; they do it side by side.
"""

import os
import sys
from typing import Any

from upnpserver.offline import guard
from upnpserver.scan.children import COMMAND, Child

PROBE = "probe"


def main(arguments: list[str]) -> int:
    """Start the child, then be the scanner; return the exit code."""
    guard.install()
    fd = next((int(word) for word in arguments if word != PROBE), None)
    if fd is not None:
        os.set_inheritable(fd, False)  # not for the probe children
    child: Child[Any] | None = Child(COMMAND) if PROBE in arguments else None
    # Only now: this is what takes the time.
    from upnpserver.scan import worker  # noqa: PLC0415

    return worker.main(fd, child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
