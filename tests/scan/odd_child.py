"""Probe children that do what a file's name says, for tests of the pool.

    python odd_child.py [--without LAYER]... [--trap] FD

LAYER: a function of media/sandbox.py that then does nothing. --trap: read real
files, in the way of pymediainfo's own parse().
"""

import argparse
import ctypes
import mmap
import os
import signal
import socket
import time
from pathlib import Path

from pymediainfo import MediaInfo

from upnpserver.errors import ProbeError
from upnpserver.media import child, sandbox
from upnpserver.media.probe import probe
from upnpserver.model import Kind, MediaFacts

CONTENT_ID = "abcdefgh234567ab"
seen = []
kept = []


def facts(title="", **fields):
    told = {"mime": "audio/mpeg", "content_id": CONTENT_ID, **fields}
    return MediaFacts(kind=Kind.AUDIO, title=title, **told)


def play(fd, name):
    """Do what name says: its part before the first "-"."""
    seen.append(name)
    word = name.partition("-")[0]
    if word in ATTEMPTS:
        return attempt(word, fd)
    return DEEDS[word](fd)


def hang(_fd):
    while True:
        time.sleep(60)


def recurse(fd):
    return recurse(fd)


def tired(_fd):
    """Crash unless this is the child's first file."""
    if len(seen) > 1:
        os.abort()
    return facts("fresh")


def grow(_fd):
    kept.append(b"x" * (64 << 20))
    return facts(str(os.getpid()))


def descriptors(fd):
    """Tell what is open; one more is the listing itself."""
    found = []
    for number in range(64):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append("file" if number == fd else str(number))
    return facts(" ".join(found))


def fail(_fd):
    raise ValueError("a bug")


DEEDS = {
    "well": lambda _: facts(str(os.getpid())),
    "crash": lambda _: os.abort(),
    "fault": lambda _: ctypes.string_at(0),
    "exit": lambda _: os._exit(0),
    "fail": fail,
    "hang": hang,
    "recurse": recurse,
    "memory": lambda _: bytearray(1 << 30),
    "long": lambda _: facts("x" * (1 << 20)),
    "longer": lambda _: facts("x" * (5 << 20)),
    "lie": lambda _: facts(content_id="../../../etc/passwd"),
    "tired": tired,
    "grow": grow,
    "descriptors": descriptors,
    "environment": lambda _: facts(" ".join(sorted(os.environ))),
}

ATTEMPTS = {
    "socket": lambda _: socket.socket(),
    "unix": lambda _: socket.socket(socket.AF_UNIX),
    "pair": lambda _: socket.socketpair(),
    "passwd": lambda _: os.open("/etc/passwd", os.O_RDONLY),
    "own": lambda _: os.open("/proc/self/maps", os.O_RDONLY),
    "parent": lambda _: list(Path("/").iterdir()),
    "beside": lambda fd: os.open(f"/proc/self/fd/{fd}", os.O_RDONLY),
    "create": lambda _: os.open("/tmp/new", os.O_WRONLY | os.O_CREAT),
    "write": lambda fd: os.write(fd, b"x"),
    "execute": lambda _: os.execv("/bin/true", ["true"]),
    "fork": lambda _: os.fork(),
    "kill": lambda _: os.kill(os.getppid(), signal.SIGTERM),
    "run": lambda _: mmap.mmap(-1, 4096, prot=mmap.PROT_EXEC),
}


def attempt(word, fd):
    """Say what came of an attempt to break out."""
    try:
        ATTEMPTS[word](fd)
    except OSError as error:
        raise ProbeError(f"stopped: {error.strerror}") from error
    return facts("it worked")


def trap(fd, name):
    """Read as pymediainfo does by itself: the content chooses the parser."""
    with open(fd, "rb", closefd=False) as file:
        kept.append(MediaInfo.parse(file))
    return facts(name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--trap", action="store_true")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("fd", type=int)
    arguments = parser.parse_args()
    for layer in arguments.without:
        setattr(sandbox, layer, lambda *_, **__: "left out")
    Path("/etc/hostname").exists()  # pathlib is loaded before the sandbox closes
    deed = trap if arguments.trap else probe if arguments.real else play
    os._exit(child.main(arguments.fd, deed))


if __name__ == "__main__":
    main()
