"""Walk the first media server that GUPnP finds; print each object as JSON.

Run by Debian's own python3, which has GUPnP through GObject introspection:
the same libraries as Rygel, dLeyna and GNOME's control points.
Arguments: the interface. Exit code 1 after 20 seconds without a server.
"""

import json
import sys

import gi

gi.require_version("GUPnP", "1.6")
gi.require_version("GUPnPAV", "1.0")
from gi.repository import GLib, GUPnP, GUPnPAV  # noqa: E402  after the versions

MEDIA_SERVER = "urn:schemas-upnp-org:device:MediaServer:1"
CONTENT_DIRECTORY = "urn:schemas-upnp-org:service:ContentDirectory"


def browse(service, object_id):
    """Return the children that GUPnP's own DIDL parser finds."""
    asked = GUPnP.ServiceProxyAction.new_from_list(
        "Browse",
        [
            "ObjectID",
            "BrowseFlag",
            "Filter",
            "StartingIndex",
            "RequestedCount",
            "SortCriteria",
        ],
        [object_id, "BrowseDirectChildren", "*", 0, 0, ""],
    )
    answered = service.call_action(asked, None)
    _, (result, returned) = answered.get_result_list(
        ["Result", "NumberReturned"], [str, int]
    )
    found = []
    parser = GUPnPAV.DIDLLiteParser()
    parser.connect("object-available", lambda _parser, thing: found.append(thing))
    parser.parse_didl(result)
    if len(found) != returned:
        raise SystemExit(f"{object_id}: {returned} returned, {len(found)} understood")
    return found


def walk(service, object_id="0"):
    """Print everything below the container."""
    for thing in browse(service, object_id):
        is_container = isinstance(thing, GUPnPAV.DIDLLiteContainer)
        print(
            json.dumps(
                {
                    "id": thing.get_id(),
                    "title": thing.get_title(),
                    "container": is_container,
                    "urls": [res.get_uri() for res in thing.get_resources()],
                }
            ),
            flush=True,
        )
        if is_container:
            walk(service, thing.get_id())


def main(interface):
    """Find, introspect, walk."""
    loop, walked = GLib.MainLoop(), []
    context = GUPnP.Context.new_full(interface, None, 0, 0)
    searching = GUPnP.ControlPoint.new(context, MEDIA_SERVER)

    def available(_searching, device):
        walk(device.get_service(CONTENT_DIRECTORY))
        walked.append(device)
        loop.quit()

    searching.connect("device-proxy-available", available)
    searching.set_active(True)
    GLib.timeout_add_seconds(20, loop.quit)
    loop.run()
    return 0 if walked else 1


sys.exit(main(sys.argv[1]))
