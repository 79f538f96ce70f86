"""ID3 tags: mutagen finds the frames, the plain ones are decoded here.

mutagen turns each frame into an object with checks for writing it back, which
is half of the cost of reading an MP3 (240 of 500 microseconds). So the classes
that it is given decline what is plain, it then keeps those frames as bytes,
and the few that are needed become text here. Compressed, encrypted and
unsynchronised frames, ID3v2.2 and ID3v1 stay with mutagen's own classes.

Source: ID3v2.4.0 native frames, sections 4 (encodings), 4.10, 4.14.
"""

import codecs
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mutagen.id3 import ID3, Frames, Frames_2_2

# Other frames (lyrics, chapters within chapters, private data) are passed by.
_NAMES: Final = {
    *("TIT2", "TPE1", "TPE2", "TALB", "TCON", "TCOM", "TRCK", "TPOS"),
    *("TDRC", "TDRL", "TYER", "TDAT", "COMM", "APIC"),
}
_ENCODINGS: Final = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_HEADER: Final = 10
_FORMAT_FLAGS: Final = 0xFF  # the second byte: compressed, encrypted, ...
_MARKS: Final = "﻿￾"


class Id3Texts:
    """The frames of one tag, by their names of ID3v2.3 and 2.4."""

    def __init__(self, frames: Any, plain: Iterable[bytes] = ()) -> None:
        self._frames = frames  # mutagen.id3.ID3
        self._plain: dict[str, list[bytes]] = {}
        for frame in plain:
            name = frame[:4].decode("latin-1")
            if name in _NAMES:
                self._plain.setdefault(name, []).append(frame[_HEADER:])

    def texts(self, name: str) -> list[str]:
        """Return all texts of the frames of that name, in their order."""
        found = [
            text
            for data in self._plain.get(name, ())
            for text in _texts(data[1:], data)
        ]
        frame = self._frames.get(name)
        return found + [str(part) for part in frame.text] if frame else found

    def remarks(self) -> list[str]:
        """Return the comments that have no description.

        Programs keep private notes in those that have one.
        """
        found = []
        for data in self._plain.get("COMM", ()):
            description, *texts = _texts(data[4:], data) or [""]
            found += [] if description else texts
        frames = self._frames.getall("COMM")
        return found + [str(one) for one in frames if not one.desc]

    def pictures(self) -> list[bytes]:
        """Return the embedded pictures."""
        found = [_picture(data) for data in self._plain.get("APIC", ())]
        return found + [frame.data for frame in self._frames.getall("APIC")]


def read_id3(stream: Any, *, load_v1: bool) -> Id3Texts:
    """Return the tag at the beginning of a file; load_v1: also the one at its end.

    Raises mutagen's ID3NoHeaderError if there is none.
    """
    tag: Any = ID3
    frames = tag(stream, known_frames=_KNOWN, translate=False, load_v1=load_v1)
    plain = frames.unknown_frames if frames.version >= (2, 3) else ()
    return Id3Texts(frames, plain)


def _declining(frame: Any) -> Any:
    """Return a frame class that leaves a plain frame as it is."""

    def from_data(cls: Any, header: Any, flags: int, data: bytes) -> Any:
        if flags & _FORMAT_FLAGS or header.f_unsynch or header.version < (2, 3):
            return frame._fromData(header, flags, data)
        raise NotImplementedError  # by which mutagen keeps its bytes

    return type(frame.__name__, (frame,), {"_fromData": classmethod(from_data)})


def _known_frames() -> Mapping[str, Any]:
    known = {name: _declining(Frames[name]) for name in _NAMES}
    # A frame of ID3v2.2 is a subclass of the one that took its place.
    old = {n: frame for n, frame in Frames_2_2.items() if known.keys() & _bases(frame)}
    return {**known, **old}


def _bases(frame: type) -> set[str]:
    return {base.__name__ for base in frame.__mro__}


_KNOWN: Final = _known_frames()


def _texts(data: bytes, frame: bytes) -> list[str]:
    """Return the texts in data, each ended by NUL, in the frame's encoding."""
    encoding = _ENCODINGS[frame[0]] if frame[0] < len(_ENCODINGS) else "latin-1"
    if encoding == "utf-16" and not data.startswith((codecs.BOM_LE, codecs.BOM_BE)):
        encoding = "utf-16-le"
    if encoding.startswith("utf-16"):
        data = data[: len(data) & ~1]  # half a NUL at the end
    decoded = data.decode(encoding, "replace").rstrip("\0")
    return [text.lstrip(_MARKS) for text in decoded.split("\0")]


def _picture(data: bytes) -> bytes:
    """Return the picture in an APIC frame: MIME name, kind, description, picture."""
    start = data.find(b"\0", 1) + 2
    if data[0] in {1, 2}:  # ended by two NULs, at an even place
        end = start
        while data[end : end + 2] not in {b"", b"\0\0"}:
            end += 2
        return data[end + 2 :]
    return data[start:].partition(b"\0")[2]
