"""Play URLs with VLC's engine, without a screen; print what it decoded as JSON.

Arguments: URLs. One line each: {"url", "state", "audio", "pictures"}, the
counts of audio blocks and pictures that reached the (absent) outputs. Each is
played for two seconds at most.
"""

import json
import sys
import time

import vlc

_OVER = {vlc.State.Ended, vlc.State.Error}


def play(instance, url):
    """Return what became of one URL."""
    media = instance.media_new(url)
    player = instance.media_player_new()
    player.set_media(media)
    player.play()
    stats, end = vlc.MediaStats(), time.monotonic() + 2
    state = player.get_state()
    while state not in _OVER and time.monotonic() < end:
        time.sleep(0.05)
        state = player.get_state()
        media.get_stats(stats)
    result = {
        "url": url,
        "state": str(state).rpartition(".")[2],
        "audio": stats.played_abuffers,
        "pictures": stats.displayed_pictures,
    }
    player.stop()
    player.release()
    return result


def main():
    """Play all, one after the other."""
    instance = vlc.Instance("--aout=dummy", "--vout=dummy", "--quiet")
    for url in sys.argv[1:]:
        print(json.dumps(play(instance, url)), flush=True)


main()
