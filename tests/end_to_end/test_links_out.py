"""Links that lead out of a library: played where that is allowed, and only there."""

import shutil

import pytest
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize("allowed", [False, True])
def test_what_a_link_leads_to(home, tmp_path, allowed):
    song = next((FIXTURES / "household").rglob("*.flac"))
    (tmp_path / "disk").mkdir()
    shutil.copy(song, tmp_path / "disk/song.flac")
    library = tmp_path / "media"
    library.mkdir()
    shutil.copy(next((FIXTURES / "household").rglob("*.mp4")), library / "film.mp4")
    (library / "Music").symlink_to(tmp_path / "disk")
    config = tmp_path / "upnpserver.toml"
    switch = "follow_links_out = true" if allowed else ""
    config.write_text(f'[[library]]\nname = "Home"\nfolders = ["media"]\n{switch}\n')
    with running_daemon(home.server, tmp_path / "state", config=config) as daemon:
        server = daemon.seen_by(home.client)
        expected = 2 if allowed else 1
        wait_for("the library", lambda: len(server.items()) == expected)
        for item in server.items().values():
            answer = fetch(home.client, item.resources[0].url)
            assert answer.status == 200
            if answer.header("Content-Type") == "audio/x-flac":
                assert answer.body == song.read_bytes()
        assert ("leads out" in daemon.output()) is not allowed
