"""The scanner process alone, without a server."""

import os
import subprocess
import sys
from pathlib import Path

from upnpserver.scan.messages import Finished, Scan, ScanRoot, from_line, to_line

KINDS = ("audio", "image", "video")
COMMAND = (sys.executable, "-m", "upnpserver.scan.worker")


def order_line(catalog: Path, media: Path) -> bytes:
    """Return the order to compare a folder with a catalog."""
    roots = (ScanRoot("Home", (), os.fsencode(media), KINDS),)
    return to_line(Scan(os.fsencode(catalog), roots))


def scanned(
    catalog: Path, media: Path, *wrapper: str, deadline_s: float = 120, **environ: str
) -> Finished:
    """Scan once and to the end; wrapper: a command to run the scanner under."""
    done = subprocess.run(
        (*wrapper, *COMMAND),
        input=order_line(catalog, media),
        stdout=subprocess.PIPE,
        check=True,
        timeout=deadline_s,
        env=os.environ | environ,
    )
    last = from_line(done.stdout.splitlines()[-1])
    if not isinstance(last, Finished):
        raise TypeError(f"the scanner ended with {last}")
    return last
