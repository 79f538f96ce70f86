"""The actions of ConnectionManager:1 for a server without PrepareForConnection.

There is one connection, 0, and it is always there. Source: ConnectionManager:1
section 2.4; reference connection-manager.md.
"""

import re
from collections.abc import Mapping

from upnpserver.errors import InvalidAction, InvalidArgs, InvalidConnection

CONNECTION_IDS = "0"
_I4 = re.compile(r"[+-]?\d{1,10}", re.ASCII)


def call(
    action: str, arguments: Mapping[str, str], source_protocol_info: str
) -> list[tuple[str, str]]:
    """Return the out arguments of an action, in the order of the SCPD.

    source_protocol_info: what this server can send, as protocolInfo in a CSV.
    Raises ActionError.
    """
    if action == "GetProtocolInfo":
        return [("Source", source_protocol_info), ("Sink", "")]
    if action == "GetCurrentConnectionIDs":
        return [("ConnectionIDs", CONNECTION_IDS)]
    if action == "GetCurrentConnectionInfo":
        return _current_connection_info(arguments)
    raise InvalidAction(action)


def _current_connection_info(arguments: Mapping[str, str]) -> list[tuple[str, str]]:
    connection_id = arguments.get("ConnectionID", "").strip()
    if _I4.fullmatch(connection_id) is None:
        raise InvalidArgs("ConnectionID is not a number")
    if int(connection_id) != 0:
        raise InvalidConnection
    return [
        ("RcsID", "-1"),
        ("AVTransportID", "-1"),
        ("ProtocolInfo", ""),
        ("PeerConnectionManager", ""),
        ("PeerConnectionID", "-1"),
        ("Direction", "Output"),
        ("Status", "OK"),
    ]
