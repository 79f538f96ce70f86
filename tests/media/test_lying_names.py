"""The kind of a file is decided by its content where its name lies."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.hostile_media import DASH, HLS, PLAYLIST
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.media.probe import probe
from upnpserver.model import Kind

FILES = sorted(
    path
    for folder in ("formats", "household")
    for path in (FIXTURES / folder).rglob("*.*")
    if path.is_file() and path.suffix != ".srt"
)
NAMES = ["song.mp3", "photo.jpg", "film.mp4", "film.avi", "film.mkv", "film.ts", "none"]


def facts_as(path, name):
    fd = os.open(path, os.O_RDONLY)
    try:
        return probe(fd, name)
    finally:
        os.close(fd)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_name_changes_nothing(path):
    honest = without_its_name(facts_as(path, path.name))
    for name in NAMES:
        assert without_its_name(facts_as(path, name)) == honest


def without_its_name(facts):
    """Return facts without what the name may tell: an audiobook's (.m4b), a film's."""
    if facts.kind is Kind.VIDEO:
        return replace(facts, title="", date="")
    return replace(facts, audiobook=False)


PAGE = b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>"
TEXTS = [
    (PAGE, "a web page"),
    (b"\xef\xbb\xbf\r\n<HTML>" + b" " * 600, "a web page"),
    (PAGE.decode().encode("utf-16"), "a web page"),
    (HLS.encode(), "a playlist"),
    (DASH.encode(), "a text"),
    (PLAYLIST.encode(), "a playlist"),
    (b"Sorry, the file was moved.\n", "a text"),
]


@pytest.mark.parametrize(("content", "what"), TEXTS)
@pytest.mark.parametrize("name", ["song.mp3", "film.mp4", "photo.jpg", "film.ts"])
def test_a_failed_download_is_told_plainly(tmp_path: Path, content, what, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ProbeError, match=re.escape(f"it is {what}, not media")):
        facts_as(path, name)
