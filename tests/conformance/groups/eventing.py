"""GENA: subscribing, the first event, and what is refused.

Source: UDA 1.0 section 4; reference gena.md.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.callbacks import EVENT, Event, Subscriber
from conformance.checks import Group, NotOffered, equal, none, true
from conformance.device import CDS, CMS, REGISTRAR
from conformance.subject import Subject
from conformance.wire import Response

check = Group("Eventing")
UDA = "UDA 1.0 section 4.1"
SERVICES = (CDS, CMS, REGISTRAR)


def subscribe(server: Subject, service: str, **headers: str) -> Response:
    """Send SUBSCRIBE; header names are written with _ for -, "" leaves one out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in named.items() if value}
    return server.request("SUBSCRIBE", server.service(service).event_path, kept)


def evented(server: Subject, service: str) -> list[str]:
    found = [v.name for v in server.scpd(service).variables if v.evented == "yes"]
    if not found:
        raise NotOffered("no evented variables")
    return found


@contextmanager
def subscribed(
    server: Subject, service: str = CDS, timeout: str = "Second-1800"
) -> Iterator[tuple[Subscriber, Response]]:
    """Be subscribed while the block lasts."""
    evented(server, service)
    with Subscriber(server.client) as subscriber:
        response = subscribe(
            server,
            service,
            CALLBACK=f"<{subscriber.url}>",
            NT="upnp:event",
            TIMEOUT=timeout,
        )
        equal(response.status, 200)
        try:
            yield subscriber, response
        finally:
            unsubscribe(server, service, SID=response.header("SID"))


def unsubscribe(server: Subject, service: str, **headers: str) -> Response:
    path = server.service(service).event_path
    kept = {name: value for name, value in headers.items() if value}
    return server.request("UNSUBSCRIBE", path, kept)


def first_event(server: Subject, service: str) -> tuple[Event, Response]:
    with subscribed(server, service) as (subscriber, response):
        sid = response.header("SID")
        subscriber.wait(lambda: subscriber.of(sid))
        return subscriber.of(sid)[0], response


@check(UDA, SERVICES)
def is_accepted(server, service):
    """A subscription is accepted with 200."""
    with subscribed(server, service):
        pass


@check(UDA, SERVICES)
def sid_is_a_uuid(server, service):
    """SID is uuid: and a UUID."""
    with subscribed(server, service) as (_, response):
        sid = response.header("SID")
        true(re.fullmatch(r"uuid:[0-9A-Fa-f-]{32,36}", sid), f"SID: {sid!r}")


@check(UDA, SERVICES)
def timeout_is_told(server, service):
    """TIMEOUT tells how many seconds are granted."""
    with subscribed(server, service) as (_, response):
        header = response.header("TIMEOUT")
        found = re.fullmatch(r"Second-([0-9]+|infinite)", header)
        true(found, f"TIMEOUT: {header!r}")


@check(UDA)
def answer_headers(server):
    """The answer has SERVER, and DATE, and an empty body."""
    with subscribed(server) as (_, response):
        true("UPnP/" in response.header("SERVER"), "no SERVER")
        true(response.header("DATE"), "no DATE")
        equal(response.body, b"")


@check(UDA)
def sids_differ(server):
    """Two subscriptions of one control point have two SIDs."""
    with subscribed(server) as (_, one), subscribed(server) as (_, other):
        true(one.header("SID") != other.header("SID"), "the same SID")


@check("reference gena.md (Kodi renews 90 s before the end)")
def timeout_is_long_enough(server):
    """At least three minutes are granted."""
    with subscribed(server) as (_, response):
        seconds = response.header("TIMEOUT").removeprefix("Second-")
        true(seconds == "infinite" or int(seconds) >= 180, seconds)


TIMEOUTS = {
    "missing": "",
    "infinite": "Second-infinite",
    "short": "Second-5",
    "very long": "Second-999999999",
    "lower case": "second-300",
    "not a number": "Second-soon",
    "nonsense": "whenever",
}


@check(f"{UDA}; reference gena.md", TIMEOUTS)
def any_timeout_is_answered(server, timeout):
    """Whatever TIMEOUT is asked for, the server grants one of its own."""
    with subscribed(server, CDS, timeout) as (_, response):
        true(response.header("TIMEOUT").startswith("Second-"), "no TIMEOUT")


CALLBACKS = {
    "two URLs": "<{url}><{url}/second>",
    "blank between URLs": "<{url}> <{url}/second>",
    "no path": "<{root}>",
    "path and query": "<{url}/a/b?c=d>",
}


@check(UDA, CALLBACKS)
def callback_is_read(server, template):
    """CALLBACK may hold several URLs, and any path."""
    evented(server, CDS)
    with Subscriber(server.client) as subscriber:
        root = subscriber.url.rpartition("/")[0]
        callback = template.format(url=subscriber.url, root=root)
        response = subscribe(server, CDS, CALLBACK=callback, NT="upnp:event")
        equal(response.status, 200)
        subscriber.wait(lambda: subscriber.events)
        unsubscribe(server, CDS, SID=response.header("SID"))


# The first event -----------------------------------------------------------

MESSAGE = "UDA 1.0 section 4.2.1"


@check(MESSAGE, SERVICES)
def first_event_comes(server, service):
    """A new subscriber gets an event at once."""
    first_event(server, service)


@check(MESSAGE, SERVICES)
def first_event_headers(server, service):
    """The event has NT, NTS, the SID of the answer, and SEQ 0."""
    event, response = first_event(server, service)
    true(event.first_line.startswith("NOTIFY /events HTTP/1."), event.first_line)
    equal(event.headers.get("NT"), "upnp:event", "NT")
    equal(event.headers.get("NTS"), "upnp:propchange", "NTS")
    equal(event.headers.get("SID"), response.header("SID"), "SID")
    equal(event.headers.get("SEQ"), "0", "SEQ")


@check(MESSAGE)
def first_event_host(server):
    """HOST of the event is the subscriber's address and port."""
    with subscribed(server) as (subscriber, _):
        subscriber.wait(lambda: subscriber.events)
        equal(subscriber.events[0].headers.get("HOST"), subscriber.url.split("/")[2])


@check(MESSAGE)
def first_event_content_type(server):
    """The event is text/xml."""
    event, _ = first_event(server, CDS)
    true(event.headers.get("CONTENT-TYPE", "").startswith("text/xml"), "type")


@check(MESSAGE, SERVICES)
def first_event_is_a_property_set(server, service):
    """The body is a propertyset with one variable in each property."""
    event, _ = first_event(server, service)
    equal(event.root.tag, f"{{{EVENT}}}propertyset")
    none([p.tag for p in event.root if p.tag != f"{{{EVENT}}}property"], "element")
    none([len(p) for p in event.root if len(p) != 1], "variables in a property")


@check(MESSAGE, SERVICES)
def first_event_has_all_variables(server, service):
    """The first event tells every evented variable, and no others."""
    event, _ = first_event(server, service)
    equal(sorted(event.variables), sorted(evented(server, service)))


@check("UDA 1.0 section 4.2; reference gena.md")
def first_event_follows_the_answer(server):
    """The first event comes soon after the answer."""
    with subscribed(server) as (subscriber, _):
        answered = time.monotonic()
        subscriber.wait(lambda: subscriber.events)
        true(subscriber.events[0].at_s > answered - 0.05, "before the answer")
        true(subscriber.events[0].at_s < answered + 2, "late")


VALUES = {
    "SystemUpdateID": (CDS, "SystemUpdateID", "GetSystemUpdateID", "Id"),
    "SourceProtocolInfo": (CMS, "SourceProtocolInfo", "GetProtocolInfo", "Source"),
    "SinkProtocolInfo": (CMS, "SinkProtocolInfo", "GetProtocolInfo", "Sink"),
    "CurrentConnectionIDs": (
        CMS,
        "CurrentConnectionIDs",
        "GetCurrentConnectionIDs",
        "ConnectionIDs",
    ),
}


@check(MESSAGE, VALUES)
def event_tells_what_the_action_tells(server, service, variable, action, argument):
    """A variable in an event has the value that its action returns."""
    event, _ = first_event(server, service)
    true(variable in event.variables, f"no {variable}")
    equal(event.variables[variable], server.call(action, {}, service)[argument])


# Renewing and ending -------------------------------------------------------


@check("UDA 1.0 section 4.1.3", SERVICES)
def renewal(server, service):
    """A renewal is answered with 200, the same SID, and TIMEOUT."""
    with subscribed(server, service) as (_, response):
        sid = response.header("SID")
        again = subscribe(server, service, SID=sid, TIMEOUT="Second-300")
        equal(again.status, 200)
        equal(again.header("SID"), sid)
        true(again.header("TIMEOUT").startswith("Second-"), "no TIMEOUT")


@check("UDA 1.0 section 4.1.3; reference gena.md")
def renewal_brings_no_event(server):
    """A renewal does not bring the first event again."""
    with subscribed(server) as (subscriber, response):
        sid = response.header("SID")
        subscriber.wait(lambda: subscriber.of(sid))
        subscribe(server, CDS, SID=sid, TIMEOUT="Second-300")
        time.sleep(0.6)
        equal(len(subscriber.of(sid)), 1, "events")


@check("UDA 1.0 section 4.1.3")
def renewal_without_timeout(server):
    """A renewal need not name a TIMEOUT."""
    with subscribed(server) as (_, response):
        equal(subscribe(server, CDS, SID=response.header("SID")).status, 200)


@check("UDA 1.0 section 4.1.4", SERVICES)
def unsubscribing(server, service):
    """UNSUBSCRIBE is answered with 200."""
    evented(server, service)
    with Subscriber(server.client) as subscriber:
        callback = f"<{subscriber.url}>"
        response = subscribe(server, service, CALLBACK=callback, NT="upnp:event")
        sid = response.header("SID")
        equal(unsubscribe(server, service, SID=sid).status, 200)


@check("UDA 1.0 section 4.1.4")
def unsubscribing_twice(server):
    """UNSUBSCRIBE of a subscription that has ended is 412."""
    with subscribed(server) as (_, response):
        sid = response.header("SID")
        unsubscribe(server, CDS, SID=sid)
        equal(unsubscribe(server, CDS, SID=sid).status, 412)


@check("UDA 1.0 section 4.1.3")
def renewal_after_the_end(server):
    """Renewing a subscription that has ended is 412."""
    with subscribed(server) as (_, response):
        sid = response.header("SID")
        unsubscribe(server, CDS, SID=sid)
        equal(subscribe(server, CDS, SID=sid).status, 412)


# Refused -------------------------------------------------------------------

UNKNOWN = "uuid:00000000-0000-0000-0000-00000000dead"
OWN = "<http://{client}:9/e>"
REFUSED = {
    "nothing at all": ({}, (412,)),
    "no CALLBACK": ({"NT": "upnp:event"}, (412,)),
    "empty CALLBACK": ({"NT": "upnp:event", "CALLBACK": "<>"}, (412,)),
    "CALLBACK without brackets": (
        {"NT": "upnp:event", "CALLBACK": "http://{client}:9/e"},
        (412,),
    ),
    "CALLBACK that is no URL": ({"NT": "upnp:event", "CALLBACK": "<here>"}, (412,)),
    "CALLBACK of https": (
        {"NT": "upnp:event", "CALLBACK": "<https://{client}/e>"},
        (412,),
    ),
    "CALLBACK of ftp": ({"NT": "upnp:event", "CALLBACK": "<ftp://{client}/e>"}, (412,)),
    "CALLBACK with a user": (
        {"NT": "upnp:event", "CALLBACK": "<http://{client}@{router}/e>"},
        (412,),
    ),
    "CALLBACK with port 0": (
        {"NT": "upnp:event", "CALLBACK": "<http://{client}:0/e>"},
        (412,),
    ),
    "CALLBACK with port 99999": (
        {"NT": "upnp:event", "CALLBACK": "<http://{client}:99999/e>"},
        (412,),
    ),
    "no NT": ({"CALLBACK": OWN}, (412, 400)),
    "other NT": ({"CALLBACK": OWN, "NT": "upnp:other"}, (412,)),
    "SID and NT": ({"SID": UNKNOWN, "NT": "upnp:event"}, (400,)),
    "SID and CALLBACK": ({"SID": UNKNOWN, "CALLBACK": OWN}, (400,)),
    "SID, NT and CALLBACK": (
        {"SID": UNKNOWN, "NT": "upnp:event", "CALLBACK": OWN},
        (400,),
    ),
    "unknown SID": ({"SID": UNKNOWN}, (412,)),
    "SID that is none": ({"SID": "nonsense"}, (412,)),
}


def filled(server: Subject, headers: dict[str, str]) -> dict[str, str]:
    network = server.network
    return {
        name: value.format(client=network.client.ipv4, router=network.router.ipv4)
        for name, value in headers.items()
    }


@check("UDA 1.0 sections 4.1.2, 4.1.3; reference gena.md", REFUSED)
def refused(server, headers, statuses):
    """A SUBSCRIBE that breaks the rules gets the status that they give."""
    response = subscribe(server, CDS, **filled(server, headers))
    true(response.status in statuses, f"status {response.status}")


FOREIGN = {
    "another host at home": "<http://{router}:9/e>",
    "a host of the internet": "<http://203.0.113.9/e>",
    "a host name": "<http://example.com/e>",
    "localhost": "<http://127.0.0.1:9/e>",
    "one good, one foreign": "<http://{client}:9/e><http://203.0.113.9/e>",
    "a decimal address": "<http://3405803785/e>",
}


@check("UDA 2.0 (CallStranger, CVE-2020-12695); reference gena.md", FOREIGN)
def foreign_callback(server, callback):
    """A CALLBACK to another host than the subscriber is refused with 412."""
    headers = filled(server, {"CALLBACK": callback, "NT": "upnp:event"})
    equal(subscribe(server, CDS, **headers).status, 412)


@check("UDA 2.0 (CallStranger, CVE-2020-12695)")
def nothing_leaves_for_foreign_callbacks(server):
    """No packet goes to a CALLBACK beyond the home network."""
    before = server.network.left_home()
    for callback in ("<http://203.0.113.9/e>", "<http://198.51.100.7:80/e>"):
        subscribe(server, CDS, CALLBACK=callback, NT="upnp:event")
    time.sleep(0.5)
    equal(server.network.left_home(), before)


UNSUBSCRIBES = {
    "no SID": ({}, (412,)),
    "unknown SID": ({"SID": UNKNOWN}, (412,)),
    "SID and NT": ({"SID": UNKNOWN, "NT": "upnp:event"}, (400,)),
    "SID and CALLBACK": ({"SID": UNKNOWN, "CALLBACK": OWN}, (400,)),
}


@check("UDA 1.0 section 4.1.4", UNSUBSCRIBES)
def refused_unsubscribe(server, headers, statuses):
    """An UNSUBSCRIBE that breaks the rules gets the status that they give."""
    response = unsubscribe(server, CDS, **filled(server, headers))
    true(response.status in statuses, f"status {response.status}")


@check("UDA 1.0 section 4.1", ("SUBSCRIBE", "UNSUBSCRIBE"))
def unknown_path(server, method):
    """Another path cannot be subscribed to."""
    headers = filled(server, {"CALLBACK": OWN, "NT": "upnp:event"})
    status = server.request(method, "/no/such/path", headers).status
    true(status in (400, 404, 405, 412, 501), f"status {status}")


@check("RFC 9110 section 15.5.6", ("GET", "POST"))
def other_methods(server, method):
    """Another method on an event URL is refused."""
    status = server.request(method, server.service(CDS).event_path).status
    true(status in (400, 404, 405, 411, 412, 500, 501), f"status {status}")


@check("reference gena.md")
def a_subscriber_that_does_not_answer(server):
    """A subscriber that cannot be reached holds nobody up."""
    headers = filled(server, {"CALLBACK": OWN, "NT": "upnp:event"})
    response = subscribe(server, CDS, **headers)
    before = time.monotonic()
    server.call("GetSystemUpdateID")
    true(time.monotonic() - before < 1, "slow")
    unsubscribe(server, CDS, SID=response.header("SID"))
