"""Measures for a small process, taken before anything else is loaded.

An idle server has 42 MiB in all on a machine of 512. Each measure says what it
was worth when it was made.
"""

import ctypes
import sys
from types import ModuleType
from typing import cast

_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3  # malloc.h of glibc
_LARGE_BYTES = 256 * 1024
_ARENAS = 2


def leave_out_http_client() -> None:
    """Put an empty module where Twisted would load an HTTP client.

    twisted.python.compat imports http.cookiejar only to pass it on; with it
    come http.client, urllib.request and email: 2.1 MiB, a tenth of a second on
    a slow machine, and the means to fetch something, which this program never
    does.
    """
    sys.modules.setdefault("http.cookiejar", ModuleType("http.cookiejar"))


def leave_out_tls() -> None:
    """Let Twisted find no pyOpenSSL, where somebody has installed it.

    It would load it with every reactor: 12 MiB that nothing here has a use for.
    """
    # None makes the import fail as if it were not installed.
    cast("dict[str, ModuleType | None]", sys.modules)["OpenSSL"] = None


def give_memory_back() -> None:
    """Let glibc return large blocks to the system as soon as they are free.

    It would learn to keep them: after one answer with 10,000 objects the
    process stayed at twice its size.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc only
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, _ARENAS)
