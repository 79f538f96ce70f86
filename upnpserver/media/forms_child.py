"""A child that makes other forms of files for the server, shut in as probes are.

    python -m upnpserver.media.forms_child FD

To it: an open file, with "NAME" of a picture's form (dlna.scaled.FORMS) or, of a
picture inside the file, "NAME OFFSET LENGTH"; of subtitles, "srt" and the form
that they are in. From it, of each: "F" and what was made, or "P" and the reason
in UTF-8 why nothing was. serving.py tells how it lives.
"""

import io
import os
import sys
from typing import Final

import pi_heif
import PIL
import pysubs2

import upnpserver
from upnpserver.errors import ProbeError
from upnpserver.media.answers import problem_answer
from upnpserver.media.charset import load_charsets
from upnpserver.media.render import load_codecs, render
from upnpserver.media.serving import serve
from upnpserver.media.subtitle_names import SRT
from upnpserver.media.subtitle_text import MAX_BYTES, as_srt

# The largest picture that is drawn, while it is made smaller: 4 bytes for each of
# 40 million pixels, and half of that for what becomes of it.
_MEMORY_BYTES: Final = 384 << 20
_MAX_INSIDE_BYTES: Final = 32 << 20


def main(fd: int) -> int:
    """Serve until the server closes its end; return the exit code."""
    load_codecs()
    load_charsets()
    packages = (PIL, pi_heif, pysubs2, upnpserver)
    # HEVC is decoded in threads, at least in one.
    return serve(fd, packages, _answer, _MEMORY_BYTES, threads=True)


def _answer(fd: int, asked: bytes) -> bytes:
    name, *more = asked.decode("ascii").split()
    try:
        return b"F" + _made(fd, name, more)
    except ProbeError as error:
        return problem_answer(str(error))
    except MemoryError:
        raise
    except Exception as error:  # one file: libraries raise all kinds on broken ones
        return problem_answer(f"can't be read: {type(error).__name__}")


def _made(fd: int, name: str, more: list[str]) -> bytes:
    if name == SRT:
        return as_srt(os.pread(fd, MAX_BYTES + 1, 0), more[0])
    with _opened(fd, [int(number) for number in more]) as file:
        return render(file, name)


def _opened(fd: int, span: list[int]) -> io.BufferedReader | io.BytesIO:
    if not span:
        return open(fd, "rb", closefd=False)
    offset, length = span
    return io.BytesIO(os.pread(fd, min(length, _MAX_INSIDE_BYTES), offset))


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1])))  # no clean-up code of any library
