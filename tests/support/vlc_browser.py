"""Walk a media server with VLC's own UPnP browser; print each entry as JSON.

What a person sees under "Universal Plug'n'Play" in VLC's playlist, without a
screen. Run on the client's host. Exit code 1 when no server shows up.
"""

import json
import sys
import time

import vlc

_ENDED = {
    vlc.MediaParsedStatus.done,
    vlc.MediaParsedStatus.failed,
    vlc.MediaParsedStatus.timeout,
    vlc.MediaParsedStatus.skipped,
}


def entries(media_list):
    """Return what is in a list of VLC's."""
    media_list.lock()
    try:
        return [media_list.item_at_index(index) for index in range(media_list.count())]
    finally:
        media_list.unlock()


def until(check, deadline_s):
    """Return check's first true value, or its last one."""
    end = time.monotonic() + deadline_s
    while not (value := check()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


def walk(folder):
    """Print the folder and all below it."""
    folder.parse_with_options(vlc.MediaParseFlag.network, 10_000)
    until(lambda: folder.get_parsed_status() in _ENDED, 10)
    inside = entries(folder.subitems())
    show(folder, str(folder.get_parsed_status()).rpartition(".")[2], len(inside))
    for entry in inside:
        if entry.get_type() == vlc.MediaType.directory:
            walk(entry)
        else:
            show(entry, "file", 0)


def show(entry, state, children):
    """Print one entry."""
    title = entry.get_meta(vlc.Meta.Title)
    line = {"title": title, "state": state, "url": entry.get_mrl()}
    print(json.dumps(line | {"children": children}), flush=True)


def main():
    """Discover, walk, stop."""
    instance = vlc.Instance("--aout=dummy", "--vout=dummy", "--quiet")
    discoverer = instance.media_discoverer_new("upnp")
    discoverer.start()
    servers = until(lambda: entries(discoverer.media_list()), 15)
    for server in servers:
        walk(server)
    discoverer.stop()
    return 0 if servers else 1


sys.exit(main())
