"""A probe child: reads one file after the other for the scanner, shut in.

    python -m upnpserver.media.child FD

answers.py tells what it says, serving.py how it lives.
"""

import importlib
import importlib.util
import mimetypes
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import ModuleType
from typing import Final

import mutagen

import upnpserver
from upnpserver.errors import ProbeError
from upnpserver.media.answers import facts_answer, problem_answer
from upnpserver.media.charset import load_charsets
from upnpserver.media.probe import probe
from upnpserver.media.serving import serve
from upnpserver.model import MediaFacts

Probe = Callable[[int, str], MediaFacts]

# guessit and what it needs are loaded late or never: see naming_guess.py.
_LATE: Final = ("guessit", "rebulk", "babelfish", "dateutil")


def main(fd: int, probe_file: Probe = probe) -> int:
    """Serve until the scanner closes its end; return the exit code.

    probe_file: for tests.
    """
    load_charsets()
    # No file of the system's and no code of C can be loaded later.
    mimetypes.init()
    importlib.import_module("_csv")
    packages = (mutagen, upnpserver, *_not_loaded(_LATE))
    return serve(fd, packages, partial(_answer, probe_file))


def _not_loaded(names: Iterable[str]) -> Iterator[ModuleType]:
    """Yield packages that tell where they lie, without running their code."""
    for name in names:
        if spec := importlib.util.find_spec(name):
            yield importlib.util.module_from_spec(spec)


def _answer(probe_file: Probe, fd: int, path: bytes) -> bytes:
    try:
        return facts_answer(probe_file(fd, path.decode("utf-8", "replace")))
    except ProbeError as error:
        return problem_answer(str(error))


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1])))  # no clean-up code of any library
