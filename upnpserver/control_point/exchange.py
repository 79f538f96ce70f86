"""One HTTP request over one connection, to an address of the house.

Redirects are not followed. Plain sockets: the command line waits anyway, and what
fetches in general is kept out of this program.
"""

import socket
import time

from upnpserver.control_point.place import Place
from upnpserver.control_point.reply import Reply
from upnpserver.errors import DeviceError, MalformedRequest
from upnpserver.offline.addresses import LocalNetworks

ANSWER_S = 15.0
_PIECE_BYTES = 65536


def exchange(place: Place, request: bytes, local: LocalNetworks) -> Reply:
    """Return the whole answer to a request. local: where may be asked.

    Raises DeviceError.
    """
    if not local.contains(place.host):
        raise DeviceError(f"{place.host} is not an address of this network")
    end = time.monotonic() + ANSWER_S
    reply = Reply()
    try:
        with socket.create_connection((place.host, place.port), ANSWER_S) as connection:
            connection.sendall(request)
            while True:
                connection.settimeout(max(0.01, end - time.monotonic()))
                data = connection.recv(_PIECE_BYTES)
                if not data:
                    reply.ended()
                    return reply
                if reply.feed(data):
                    return reply
    except OSError as error:
        raise DeviceError(f"no answer from {place.authority}: {error}") from error
    except MalformedRequest as error:
        raise DeviceError(f"{place.authority} answers oddly: {error}") from error
