"""Cue sheets beside music: what they tell is shown, whatever came first."""

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, cue, track

from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.model import Chapter, Window
from upnpserver.policy import EVERYONE

FIRST, SECOND = track("A/01.flac"), track("A/02.flac", title="As its tag says")
TOLD = cue(
    "A/disc.cue",
    album="Night",
    album_artists=("Ann",),
    entries=("01.wav", "02.wav"),
    chapters=(Chapter(0, "As the sheet says"), Chapter(0, "not shown")),
)


def shown(path):
    """Return the DIDL-Lite of all music, as one text."""
    reader = Reader(path)
    entries = reader.children("music$all", Window(), (), EVERYONE).entries
    reader.close()
    return "".join(plain(entry.segments) for entry in entries)


@pytest.mark.parametrize(
    "batches",
    [[(FIRST, SECOND, TOLD)], [(FIRST, SECOND), (TOLD,)], [(TOLD,), (SECOND, FIRST)]],
)
def test_a_sheet_tells_what_tags_leave_open(tmp_path, batches):
    path = tmp_path / "catalog.sqlite"
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    for batch in batches:
        writer.apply(batch, [])
    found = shown(path)
    assert ">As the sheet says<" in found
    assert ">As its tag says<" in found
    assert "not shown" not in found
    assert found.count(">Night<") == 2
    writer.apply([], [(MUSIC, TOLD.directory, TOLD.name)])
    assert ">Night<" not in shown(path)
    writer.close()
