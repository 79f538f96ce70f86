"""One scan in the foreground, for the command line."""

import contextlib
import sys

from upnpserver.catalog.reader import Reader
from upnpserver.config import Config
from upnpserver.errors import ProbesUnavailable
from upnpserver.progress import ProgressLine
from upnpserver.scan.messages import Finished, Message, Progress, Trouble
from upnpserver.scan.roots import CATALOG_FILE, scan_order
from upnpserver.scan.worker import scan
from upnpserver.state import State


def run_once(config: Config, progress: ProgressLine, *, list_problems: bool) -> int:
    """Bring the catalog up to date and say what was found; return the exit code.

    list_problems: name the files that could not be read, with the reasons, and
    return 1 if there are any; those of earlier scans too, which were not tried
    again as they did not change.

    Raises StateFolderError: in use by a server, or not writable.
    """

    def tell(message: Message) -> None:
        match message:
            case Progress(done, total):
                progress.update(done, total)
            case Trouble(text):
                progress.clear()
                print(f"upnpserver: {text}", file=sys.stderr)  # noqa: T201
            case Finished(read, gone, problems, seconds):
                progress.finish()
                print(  # noqa: T201
                    f"{read} files read, {gone} gone, {problems} not readable,"
                    f" in {seconds:.1f} s"
                )

    with State.open(config.state_dir):
        try:
            scan(scan_order(config, count_first=True), tell)
        except ProbesUnavailable as error:
            progress.finish()
            print(f"upnpserver: {error}", file=sys.stderr)  # noqa: T201
            return 1
        with contextlib.closing(Reader(config.state_dir / CATALOG_FILE)) as reader:
            for library in reader.library_counts():
                print(f"  {library}")  # noqa: T201
            return int(list_problems and _list_problems(reader))


def _list_problems(reader: Reader) -> bool:
    """Print a line for each file that could not be read; return if there are any."""
    count = 0
    for library, path, reason in reader.problems():
        print(f"{library}: {_shown(path)}: {reason}")  # noqa: T201
        count += 1
    if not count:
        print("Every file could be read.")  # noqa: T201
    return count > 0


def _shown(path: bytes) -> str:
    """Return a path for the terminal; a name may hold what would control it."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii")
        for one in path.decode("utf-8", "backslashreplace")
    )
