"""Discovery alone, as a process of its own: argv is the UUID and interfaces."""

import random
import sys
from functools import partial

from twisted.internet import reactor
from twisted.logger import globalLogBeginner, textFileLogObserver

from upnpserver.net.discovery import Discovery
from upnpserver.net.interface_watch import InterfaceWatch
from upnpserver.net.interfaces import usable_interfaces
from upnpserver.net.link_port import Presence
from upnpserver.net.neighbourhood import Neighbourhood
from upnpserver.offline import guard
from upnpserver.upnp import ssdp

DEVICE = "urn:schemas-upnp-org:device:MediaServer:1"
SERVICES = ("urn:a:service:One:1", "urn:a:service:Two:1", "urn:a:service:Three:1")


def location(own):
    return f"http://{f'[{own}]' if own.version == 6 else own}:8200/d.xml"


def main():
    guard.install()
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(sys.stderr)], redirectStandardIO=False
    )
    uuid, *names = sys.argv[1:]
    rows = ssdp.advertisements(f"uuid:{uuid}", DEVICE, SERVICES)
    presence = Presence(rows, "S/1", location)
    discovery = Discovery(reactor, reactor, presence, random.random)
    neighbourhood = Neighbourhood()

    def changed(interfaces):
        neighbourhood.follow(interfaces)
        discovery.follow(interfaces)

    watch = InterfaceWatch(reactor, reactor, partial(usable_interfaces, names), changed)
    reactor.callWhenRunning(watch.start)
    reactor.addSystemEventTrigger("before", "shutdown", watch.stop)
    reactor.addSystemEventTrigger("before", "shutdown", discovery.stop)
    reactor.callWhenRunning(print, "running", flush=True)
    reactor.run()


main()
