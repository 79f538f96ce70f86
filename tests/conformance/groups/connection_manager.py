"""ConnectionManager. Source: ConnectionManager:1 section 2.4."""

import re

from conformance.checks import Group, among, equal, none, true
from conformance.device import CMS
from conformance.subject import Subject, csv

check = Group("ConnectionManager")
CM = "ConnectionManager:1 section 2.4"


def source(server: Subject) -> list[str]:
    found = csv(server.call("GetProtocolInfo", service=CMS)["Source"])
    true(found, "Source is empty")
    return found


@check(f"{CM}.1 (GetProtocolInfo)")
def source_is_told(server):
    """Source lists what the server can send."""
    source(server)


@check(f"{CM}.1 (GetProtocolInfo)")
def sink_is_empty(server):
    """Sink of a server that only sends is empty."""
    equal(server.call("GetProtocolInfo", service=CMS)["Sink"], "")


@check("ConnectionManager:1 section 2.5.2 (protocolInfo)")
def entries_have_four_fields(server):
    """Each entry is http-get:*:MIME:additional."""
    pattern = r"http-get:\*:[^:\s]+/[^:\s]+:[^:\s]+"
    none([e for e in source(server) if not re.fullmatch(pattern, e)], "entry")


@check("ConnectionManager:1 section 2.2.1")
def entries_differ(server):
    """No entry comes twice."""
    found = source(server)
    none([e for e in set(found) if found.count(e) > 1], "twice")


@check("reference connection-manager.md")
def source_is_bounded(server):
    """Source is shorter than 16 KiB."""
    true(len(",".join(source(server))) < 16384, "long")


@check("DLNA guidelines 7.3; reference dlna-media.md section 1")
def profiles_are_listed(server):
    """Source lists DLNA profiles of pictures, music and films."""
    text = ",".join(source(server))
    for name in ("JPEG_", "MP3", "AVC_|MPEG_"):
        true(re.search(rf"DLNA\.ORG_PN=({name})", text), f"no {name}")


KINDS = ("audio", "video", "image")


@check("ConnectionManager:1 section 2.2.1", KINDS)
def source_has_kind(server, kind):
    """Source lists MIME names of every kind of media."""
    names = [entry.split(":")[2] for entry in source(server)]
    true(any(name.startswith(f"{kind}/") for name in names), f"no {kind}")


@check(f"{CM}.4 (GetCurrentConnectionIDs)")
def connection_ids(server):
    """Without PrepareForConnection the one connection is 0."""
    reply = server.call("GetCurrentConnectionIDs", service=CMS)
    equal(reply["ConnectionIDs"], "0")


INFO = {
    "RcsID": ("RcsID", ("-1", "0")),
    "AVTransportID": ("AVTransportID", ("-1", "0")),
    "PeerConnectionManager": ("PeerConnectionManager", ("",)),
    "PeerConnectionID": ("PeerConnectionID", ("-1",)),
    "Direction": ("Direction", ("Output",)),
    "Status": ("Status", ("OK", "Unknown")),
}


@check(f"{CM}.5 (GetCurrentConnectionInfo)", INFO)
def connection_info(server, name, allowed):
    """Connection 0 is an output without a peer, a renderer, or a transport."""
    reply = server.call("GetCurrentConnectionInfo", {"ConnectionID": 0}, CMS)
    among(reply[name], allowed, name)


@check(f"{CM}.5 (GetCurrentConnectionInfo)")
def connection_protocol(server):
    """ProtocolInfo of connection 0 is empty, or an entry of four fields."""
    reply = server.call("GetCurrentConnectionInfo", {"ConnectionID": 0}, CMS)
    true(re.fullmatch(r"|[^:]+:[^:]*:[^:]*:.*", reply["ProtocolInfo"]), "ProtocolInfo")


@check(f"{CM} (PrepareForConnection is optional)")
def no_connections_to_prepare(server):
    """PrepareForConnection is declared with ConnectionComplete, or neither."""
    names = dict(server.scpd(CMS).actions)
    equal("PrepareForConnection" in names, "ConnectionComplete" in names)
