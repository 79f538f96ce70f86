"""A door on a real port, as a process of its own; prints its port, then serves."""

import sys
from ipaddress import ip_address

from twisted.internet import reactor
from twisted.logger import globalLogBeginner, textFileLogObserver

from upnpserver.net.accept import PatientPort, limits_within
from upnpserver.net.site import HostRule, Routes, Site
from upnpserver.policy import EVERYONE

LARGE = b"0123456789abcdef" * 500_000


def echo(request):
    request.respond(200, [("Content-Type", "text/x")], request.body or b"empty")


def large(request):
    request.respond(200, [("Content-Type", "text/x")], LARGE)


def never(request):
    """Leave the client waiting."""


def main():
    address, descriptors = sys.argv[1], int(sys.argv[2])
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(sys.stderr)], redirectStandardIO=False
    )
    routes = Routes(
        {
            b"/echo": {b"GET": echo, b"POST": echo},
            b"/large": {b"GET": large},
            b"/never": {b"GET": never},
        }
    )
    site = Site(
        routes,
        HostRule(lambda: [ip_address(address)]),
        lambda source: source.is_loopback,
        lambda request: EVERYONE,
        limits_within(descriptors),
        reactor,
        server="test",
    )
    port = PatientPort(0, site, interface=address, reactor=reactor)
    port.startListening()
    print(port.getHost().port, flush=True)
    reactor.run()


main()
