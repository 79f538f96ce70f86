"""The scanner process alone, without a server."""

import os
import subprocess
import sys
from pathlib import Path

from upnpserver.scan.messages import Finished, Scan, ScanRoot, from_line, to_line

KINDS = ("audio", "image", "video")
COMMAND = (sys.executable, "-m", "upnpserver.scan.start")


def order_line(catalog: Path, media: Path) -> bytes:
    """Return the order to compare a folder with a catalog."""
    roots = (ScanRoot("Home", (), os.fsencode(media), KINDS),)
    return to_line(Scan(os.fsencode(catalog), roots))


def scanned(catalog: Path, media: Path, *wrapper: str, **environ: str) -> Finished:
    """Scan once and to the end; wrapper: a command to run the scanner under."""
    with subprocess.Popen(
        (*wrapper, *COMMAND),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | environ,
    ) as scanner:
        assert scanner.stdin
        assert scanner.stdout
        # Its input stays open: the end of that would stop the scan.
        scanner.stdin.write(order_line(catalog, media))
        scanner.stdin.flush()
        for line in scanner.stdout:
            message = from_line(line)
            if isinstance(message, Finished):
                return message
    raise RuntimeError(f"the scanner ended with {scanner.returncode}")
