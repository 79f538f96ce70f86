"""Control points that others wrote find the server and walk its whole tree."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from async_upnp_client.aiohttp import AiohttpNotifyServer, AiohttpRequester
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.profiles.dlna import DmsDevice
from async_upnp_client.search import async_search
from didl_lite import didl_lite
from support.netns import INTERFACE
from support.upnp_client import MEDIA_SERVER

pytestmark = pytest.mark.end_to_end

SUPPORT = Path(__file__).parents[1] / "support"


async def discover(source):
    """Return the LOCATIONs that answer async-upnp-client's search."""
    found = set()

    async def answered(headers):
        found.add(headers["location"])

    await async_search(answered, source=source, timeout=2, search_target=MEDIA_SERVER)
    return found


async def strict_device(location, source):
    """Return the server as a DMS; "strict" refuses what breaks the SCPDs."""
    requester = AiohttpRequester()
    device = await UpnpFactory(requester, non_strict=False).async_create_device(
        location
    )
    listening = AiohttpNotifyServer(requester, source)
    await listening.async_start_server()
    return DmsDevice(device, listening.event_handler), listening


async def walk(device, container="0"):
    """Return every object below the container."""
    browsed = await device.async_browse_direct_children(container)
    assert len(browsed.result) == browsed.number_returned == browsed.total_matches
    found = []
    for thing in browsed.result:
        found.append(thing)
        if isinstance(thing, didl_lite.Container):
            found += await walk(device, thing.id)
    return found


def ids(server):
    return Counter(found.object_id for found in server.walk())


def test_async_upnp_client_discovers_it(served):
    with served.home.client.entered():
        found = asyncio.run(discover((served.home.client.ipv4, 0)))
    assert found == {served.daemon.location}


def test_async_upnp_client_walks_the_whole_tree_strictly(served):
    source = (served.home.client.ipv4, 0)

    async def walked():
        device, listening = await strict_device(served.daemon.location, source)
        try:
            return await walk(device)
        finally:
            await listening.async_stop_server()

    with served.home.client.entered():
        found = asyncio.run(walked())
    assert Counter(thing.id for thing in found) == ids(served.server)


def test_async_upnp_client_subscribes_and_gets_the_first_events(served):
    source = (served.home.client.ipv4, 0)

    async def first_events():
        device, listening = await strict_device(served.daemon.location, source)
        heard, all_heard = {}, asyncio.Event()

        def on_event(service, variables):
            heard.update({variable.name: variable.value for variable in variables})
            if {"SystemUpdateID", "SourceProtocolInfo"} <= heard.keys():
                all_heard.set()

        device.on_event = on_event
        try:
            await device.async_subscribe_services()
            await asyncio.wait_for(all_heard.wait(), 5)
            await device.async_unsubscribe_services()
        finally:
            await listening.async_stop_server()
        return heard

    with served.home.client.entered():
        heard = asyncio.run(first_events())
    assert heard["SystemUpdateID"] == served.server.browse("0").update_id
    assert "http-get:*:audio/mpeg:" in heard["SourceProtocolInfo"]


@pytest.mark.parametrize("target", [MEDIA_SERVER, "upnp:rootdevice"])
def test_gssdp_discover_lists_it(served, target):
    done = served.home.client.run(
        "gssdp-discover", "-i", INTERFACE, "--timeout=3", f"--target={target}"
    )
    assert f"Location: {served.daemon.location}" in done.stdout


def test_gupnp_introspects_it_and_walks_the_whole_tree(served):
    # Debian's own Python: the bindings are not on PyPI as a ready package.
    done = served.home.client.run(
        "/usr/bin/python3", str(SUPPORT / "gupnp_browser.py"), INTERFACE, timeout_s=60
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert Counter(thing["id"] for thing in found) == ids(served.server)
    assert {url for thing in found for url in thing["urls"]} >= served.items.keys()


def test_vlc_browses_the_whole_tree(served):
    done = served.home.client.run(
        sys.executable, str(SUPPORT / "vlc_browser.py"), timeout_s=60
    )
    root, *found = [json.loads(line) for line in done.stdout.splitlines()]
    assert root["title"] == served.server.text("d:device/d:friendlyName")
    assert {thing["state"] for thing in found} == {"done", "file"}
    assert Counter(thing["title"] for thing in found) == Counter(
        thing.title for thing in served.server.walk()
    )
    # VLC may browse over IPv6; what it is told to play must be playable.
    files = {thing["url"] for thing in found if thing["state"] == "file"}
    assert files == served.items.keys()


def test_kodi_browses_the_whole_tree(served, tmp_path):
    done = served.home.client.run(
        sys.executable, str(SUPPORT / "kodi_browser.py"), str(tmp_path), timeout_s=110
    )
    root, *found = [json.loads(line) for line in done.stdout.splitlines()]
    assert root["title"] == served.server.text("d:device/d:friendlyName")
    assert Counter(thing["title"] for thing in found) == Counter(
        thing.title for thing in served.server.walk()
    )
