"""libmediainfo on one open file: bounded, by one parser, with no file name.

pymediainfo brings the library, but its Python part stays unused: it lets the
content choose the parser (an HLS playlist in a song.mp3 then opens network
connections), reads far too much, and its imports cost each child 4 MiB and
75 ms. Here:

* the caller names the parser, by the file's signature (signatures.py), so the
  library never guesses: that alone made it two to four times faster;
* bytes go in by the buffer interface, under a budget;
* "ReadByHuman" off: no texts for people, half of the remaining time;
* MPEG transport streams stop after MpegTs_MaximumOffset. Its default of 64 MiB
  is why a transport stream cost 600 ms: whole minutes of it were demultiplexed.

Source: MediaInfoDLL.h, MediaInfoLib File__Analyze (Open_Buffer_*); measured
with 24.12.
"""

import ctypes
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from upnpserver.errors import ProbeError
from upnpserver.media.source import Source

_FILE_NAME: Final = "libmediainfo.so.0"
_BLOCK_BYTES: Final = 64 * 1024
# After a jump the library mostly wants one small header.
_BLOCK_AFTER_JUMP: Final = 16 * 1024
_MAX_BYTES: Final = 64 * 1024 * 1024
_MAX_JUMPS: Final = 20_000  # a film of 3 hours in fragments of a second: 10,800

_FINISHED = 0x08
_NO_JUMP = ctypes.c_uint64(-1).value
_ALL = ctypes.c_size_t(-1).value
_TEXT, _NAME = 1, 0  # kinds of answer and of question of MediaInfo_Get


class Stream(IntEnum):
    """The library's kinds of stream."""

    GENERAL = 0
    VIDEO = 1
    AUDIO = 2
    TEXT = 3
    MENU = 6


_HANDLE: Final = ctypes.c_void_p
_SIZE: Final = ctypes.c_size_t
_TEXT_IN: Final = ctypes.c_wchar_p
_FUNCTIONS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "New": (_HANDLE, ()),
    "Delete": (None, (_HANDLE,)),
    "Option": (ctypes.c_wchar_p, (_HANDLE, _TEXT_IN, _TEXT_IN)),
    "Open_Buffer_Init": (_SIZE, (_HANDLE, ctypes.c_uint64, ctypes.c_uint64)),
    "Open_Buffer_Continue": (_SIZE, (_HANDLE, ctypes.c_char_p, _SIZE)),
    "Open_Buffer_Continue_GoTo_Get": (ctypes.c_uint64, (_HANDLE,)),
    "Open_Buffer_Finalize": (_SIZE, (_HANDLE,)),
    "Count_Get": (_SIZE, (_HANDLE, _SIZE, _SIZE)),
    "Get": (ctypes.c_wchar_p, (_HANDLE, _SIZE, _SIZE, _TEXT_IN, _SIZE, _SIZE)),
    "GetI": (ctypes.c_wchar_p, (_HANDLE, _SIZE, _SIZE, _SIZE, _SIZE)),
}


def _load() -> ctypes.CDLL:
    """Return pymediainfo's library, or else the system's (Debian's package)."""
    spec = importlib.util.find_spec("pymediainfo")
    folders = spec.submodule_search_locations or () if spec else ()
    bundled = [Path(folder, _FILE_NAME) for folder in folders]
    found = next((str(path) for path in bundled if path.exists()), _FILE_NAME)
    library = ctypes.CDLL(found)
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, f"MediaInfo_{name}")
        function.restype, function.argtypes = result, arguments
    # These hold for the whole process.
    handle = library.MediaInfo_New()
    for option, value in (("ParseSpeed", "0"), ("ReadByHuman", "0")):
        library.MediaInfo_Option(handle, option, value)
    library.MediaInfo_Delete(handle)
    return library


_LIBRARY = _load()


class Analysis:
    """What the library found in one file; valid inside analysed() only."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def count(self, stream: Stream) -> int:
        """Return how many streams of this kind there are."""
        return int(_LIBRARY.MediaInfo_Count_Get(self._handle, stream, _ALL))

    def text(self, stream: Stream, parameter: str, index: int = 0) -> str:
        """Return a parameter of one stream of a kind, "" if unknown."""
        found = _LIBRARY.MediaInfo_Get(
            self._handle, stream, index, parameter, _TEXT, _NAME
        )
        return found or ""

    def number(self, stream: Stream, parameter: str, index: int = 0) -> float | None:
        """Return a parameter's number, None if it is none or not positive.

        Of several in one text ("48000 / 24000": core and extension) the first.
        """
        try:
            value = float(self.text(stream, parameter, index).partition("/")[0])
        except ValueError:
            return None
        return value if 0 < value < 1e15 else None

    def menu(self, most: int) -> list[tuple[str, str]]:
        """Return (name, text) of the first menu's entries; times name chapters."""
        begin = self.number(Stream.MENU, "Chapters_Pos_Begin")
        if begin is None:
            return []
        # Not up to Chapters_Pos_End: in an MP4 other entries moved them on.
        end = int(_LIBRARY.MediaInfo_Count_Get(self._handle, Stream.MENU, 0))
        places = range(int(begin), min(end, int(begin) + most))
        return [(self._entry(at, _NAME), self._entry(at, _TEXT)) for at in places]

    def _entry(self, at: int, wanted: int) -> str:
        found = _LIBRARY.MediaInfo_GetI(self._handle, Stream.MENU, 0, at, wanted)
        return found or ""


@contextmanager
def analysed(
    source: Source, parser: str, transport_limit_bytes: int = 0, skip: int = 0
) -> Iterator[Analysis]:
    """Give the Analysis of a file by the parser of that name ("Mpeg4", "Mk").

    transport_limit_bytes: how far an MPEG-TS is read at its beginning.
    skip: bytes left out in the middle of the file, as if it were that much
    shorter; a stream that restarts anywhere (MPEG-PS) stands that.

    Raises ProbeError if the library takes the file for something else.
    """
    with _handle(parser) as handle:
        if transport_limit_bytes:
            limit = str(transport_limit_bytes)
            _LIBRARY.MediaInfo_Option(handle, "MpegTs_MaximumOffset", limit)
        _feed(handle, source, skip)
        _LIBRARY.MediaInfo_Open_Buffer_Finalize(handle)
        yield Analysis(handle)


@contextmanager
def analysed_stream(data: bytes, parser: str) -> Iterator[Analysis]:
    """Give the Analysis of the beginning of one bare stream ("Avc", "Ac3").

    Raises ProbeError if the library does not start.
    """
    with _handle(parser) as handle:
        _LIBRARY.MediaInfo_Open_Buffer_Init(handle, len(data), 0)
        _LIBRARY.MediaInfo_Open_Buffer_Continue(handle, data, len(data))
        _LIBRARY.MediaInfo_Open_Buffer_Finalize(handle)
        yield Analysis(handle)


@contextmanager
def _handle(parser: str) -> Iterator[int]:
    handle = _LIBRARY.MediaInfo_New()
    if not handle:
        raise ProbeError("libmediainfo did not start")
    try:
        _LIBRARY.MediaInfo_Option(handle, "File_ForceParser", parser)
        yield handle
    finally:
        _LIBRARY.MediaInfo_Delete(handle)


def _feed(handle: int, source: Source, skip: int) -> None:
    """Give the library the bytes that it asks for, until it has enough."""
    shown_bytes = source.size_bytes - skip
    gap = shown_bytes * 2 // 3 // _BLOCK_BYTES * _BLOCK_BYTES if skip else shown_bytes
    offset, block, fed, jumps = 0, _BLOCK_BYTES, 0, 0
    _LIBRARY.MediaInfo_Open_Buffer_Init(handle, shown_bytes, 0)
    while fed < _MAX_BYTES and jumps < _MAX_JUMPS:
        count = min(block, gap - offset) if offset < gap else block
        data = source.read_at(offset if offset < gap else offset + skip, count)
        if not data:
            return
        fed += len(data)
        offset += len(data)
        status = _LIBRARY.MediaInfo_Open_Buffer_Continue(handle, data, len(data))
        if status & _FINISHED:
            return
        jump = _LIBRARY.MediaInfo_Open_Buffer_Continue_GoTo_Get(handle)
        block = _BLOCK_BYTES
        if jump != _NO_JUMP:
            offset, block = int(jump), _BLOCK_AFTER_JUMP
            jumps += 1
            _LIBRARY.MediaInfo_Open_Buffer_Init(handle, shown_bytes, offset)
