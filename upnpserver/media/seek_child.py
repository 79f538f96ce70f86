"""A child that looks for places in files, for the server, shut in as probes are.

    python -m upnpserver.media.seek_child FD

To it: an open file, with "table CONTAINER" or "span CONTAINER LENGTH START END" in
milliseconds ("-": to the end). From it: "F" and a packed table (places.Table), or the
two offsets of a span in decimal; or "P" and the reason in UTF-8 why there is none.
serving.py tells how it lives.
"""

import os
import sys

import upnpserver
from upnpserver.errors import ProbeError
from upnpserver.media.answers import problem_answer
from upnpserver.media.seeking import span_of, table_of
from upnpserver.media.serving import serve
from upnpserver.media.source import open_source


def main(fd: int) -> int:
    """Serve until the server closes its end; return the exit code."""
    return serve(fd, (upnpserver,), _answer)


def _answer(fd: int, asked: bytes) -> bytes:
    what, container, *times = asked.decode("ascii").split()
    try:
        source = open_source(fd, "")
        if what == "table":
            return b"F" + table_of(source, container).pack()
        length_ms, start_ms = map(int, times[:2])
        end_ms = None if times[2] == "-" else int(times[2])
        span = span_of(source, container, length_ms, start_ms, end_ms)
        return b"F%d %d" % span
    except ProbeError as error:
        return problem_answer(str(error))
    except MemoryError:
        raise
    except Exception as error:  # one file: whatever is wrong with it
        return problem_answer(f"can't be read: {type(error).__name__}")


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1])))  # no clean-up code of any library
