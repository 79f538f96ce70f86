"""Streams on a real port, as a process of its own; prints its port, then serves.

    python stream_server.py FOLDER WAY [SECONDS]

WAY: "as it is"; "cold": nothing is cached until a thread has read it; "copy": as
on a network file system. SECONDS: how long a thread needs for each read.

GET /health tells how the process is: descriptors, threads, memory, and how long
its reactor was kept from its work, at worst, by anything but other processes.
"""

import json
import os
import sys
import time
from ipaddress import ip_address
from pathlib import Path

from twisted.internet import reactor
from twisted.logger import globalLogBeginner, textFileLogObserver

from upnpserver.errors import NoSuchObject
from upnpserver.model import Kind, Resource
from upnpserver.net import openfile
from upnpserver.net.accept import limits_within
from upnpserver.net.openfile import OpenFile
from upnpserver.net.sendfile import FilePort
from upnpserver.net.site import HostRule, Routes, Site
from upnpserver.net.stream import Streams
from upnpserver.policy import EVERYONE

FOLDER, WAY = sys.argv[1:3]
SECONDS = float(sys.argv[3]) if sys.argv[3:] else 0.0


def find(item_id, _policy):
    """Each file is known by its name: 16 letters."""
    if not Path(FOLDER, item_id).exists():
        raise NoSuchObject
    return Resource(
        item_id=item_id,
        kind=Kind.VIDEO,
        root=os.fsencode(FOLDER),
        relative_path=item_id.encode(),
        mime="video/mp4",
        content_features="DLNA.ORG_OP=01",
    )


class Watch:
    """Measures how long the reactor is away from its poll.

    Time in which it could run, but other processes had the processor, is not
    its fault; nor is time in which it computed: what remains is waiting.
    """

    def __init__(self, poller):
        self._poller = poller
        self._schedule = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        self._back = self._spent()
        self.worst_ms = 0.0

    def _spent(self):
        on_cpu, in_queue, _ = os.pread(self._schedule, 100, 0).split()
        return time.perf_counter_ns(), int(on_cpu) + int(in_queue)

    def poll(self, *arguments):
        now, busy = self._spent()
        then, before = self._back
        self.worst_ms = max(self.worst_ms, ((now - then) - (busy - before)) / 1e6)
        found = self._poller.poll(*arguments)
        self._back = self._spent()
        return found

    def __getattr__(self, name):
        return getattr(self._poller, name)


def health(watch):
    def answer(request):
        status = Path("/proc/self/status").read_text()
        told = {
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
            "threads": int(status.partition("Threads:")[2].split()[0]),
            "resident_kib": int(status.partition("VmRSS:")[2].split()[0]),
            "worst_ms": watch.worst_ms,
        }
        watch.worst_ms = 0.0
        request.respond(200, [], json.dumps(told).encode())

    return answer


def slow_down():
    """Let every read of a thread take SECONDS."""
    for name in ("read", "read_ahead", "open"):
        real = getattr(OpenFile, name)

        def slow(*arguments, real=real, **options):
            time.sleep(SECONDS)
            return real(*arguments, **options)

        setattr(OpenFile, name, slow)


def cool_down():
    """Let the page cache hold only what a thread of this process has read."""
    real = OpenFile.cached_until

    def cached_until(file, start, end):
        first, until = file._was_read
        return real(file, start, min(end, until)) if first <= start < until else start

    OpenFile.cached_until = cached_until
    OpenFile.cached = lambda *_: None


def main():
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(sys.stderr)], redirectStandardIO=False
    )
    if SECONDS:
        slow_down()
    if WAY == "cold":
        cool_down()
    elif WAY == "copy":
        openfile._way = lambda fd: openfile.Way.COPY
    watch = reactor._poller = Watch(reactor._poller)
    streams = Streams(find, reactor)
    methods = {b"GET": streams.answer, b"HEAD": streams.answer}
    site = Site(
        Routes({b"/health": {b"GET": health(watch)}}, {b"/media/": methods}),
        HostRule(lambda: [ip_address("127.0.0.1")]),
        lambda source: source.is_loopback,
        lambda request: EVERYONE,
        limits_within(4096),
        reactor,
        server="test",
    )
    port = FilePort(0, site, 128, "127.0.0.1", reactor)
    port.startListening()
    print(port.getHost().port, flush=True)
    reactor.run()
    streams.stop()


main()
