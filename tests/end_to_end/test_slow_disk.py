"""A real disk that is slow, and a server that never waits for it."""

import os
import sys
from pathlib import Path

import pytest
from support.cold_films import make_films, play_all
from support.daemon import running_daemon, wait_for
from support.slow_disk import slow_disk

pytestmark = pytest.mark.end_to_end

WATCHED = Path(__file__).parents[1] / "support" / "watched_turns.py"
FILMS, MEGABYTES = 8, 6
DISK_BYTES_A_SECOND = 10_000_000
LONGEST_TURN_MS = 25


@pytest.mark.may_skip
def test_eight_cold_films_from_a_slow_disk_hold_nobody_up(home, tmp_path):
    with slow_disk(tmp_path, 128) as disk:
        digests = make_films(disk.folder / "films", FILMS, MEGABYTES)
        turns = tmp_path / "turns"
        with running_daemon(
            home.server,
            tmp_path / "state",
            disk.folder / "films",
            wrapper=(sys.executable, str(WATCHED), str(turns)),
        ) as daemon:
            server = daemon.seen_by(home.client)
            urls = wait_for(
                "all films",
                lambda: len(found := list(server.items())) == FILMS and found,
            )
            disk.slow_down(daemon.process.pid, DISK_BYTES_A_SECOND)
            disk.cool_down()
            os.truncate(turns, 0)
            played = play_all(server, home.client, urls)
            assert daemon.end() == 0
        assert played.digests == digests
        assert played.bytes_a_second < 1.5 * DISK_BYTES_A_SECOND, "it was not slow"
        assert len(played.browse_ms) > 100
    long_turns = [float(line.split()[0]) for line in turns.read_text().splitlines()]
    print(f"longest turns: {sorted(long_turns)[-5:]} ms of {len(long_turns)}")
    print(
        f"Browse: {played.browse_worst_ms(0.5):.1f} ms, {played.browse_worst_ms():.1f}"
    )
    assert max(long_turns, default=0) <= LONGEST_TURN_MS
