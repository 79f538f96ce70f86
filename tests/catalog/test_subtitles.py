"""Subtitles beside films: with which they are shown, whatever is read first."""

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, film, subtitle, track

from upnpserver.errors import NoSuchObject
from upnpserver.model import Kind, Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING, parse_filter

FILM = film("F/Film.mkv", title="Film")


def films(reader):
    entries = reader.children("video$all", Window(), (), EVERYONE).entries
    return {plain(entry.segments).split("</dc:title>")[0].split(">")[-1]: entry
            for entry in entries}  # fmt: skip


def shown(reader, title="Film"):
    """Return the files of a film's subtitles, as the URLs in its DIDL lead there."""
    parts = plain(films(reader)[title].segments).split("/media/")[1:]
    paths = [part.split("/")[0] for part in parts if part.split("/")[1][:4] == "subt"]
    found = [reader.resource(one, EVERYONE).relative_path for one in paths]
    return list(dict.fromkeys(found))


NAMES = [b"F/Film.en.srt", b"F/Subs/2_German.ass", b"F/Subs/Film/French.vtt"]
FILES = (FILM, *(subtitle(name.decode()) for name in NAMES))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2)])
def test_subtitles_are_shown_whichever_is_read_first(writer, reader, order):
    for at in order:
        writer.apply([FILES[at]], [])
    assert shown(reader) == [NAMES[0], NAMES[1], NAMES[2]]


def test_a_subtitle_that_leaves_is_shown_no_more(writer, reader):
    writer.apply(FILES, [])
    commit = writer.apply([], [(MUSIC, b"F", b"Film.en.srt")])
    assert commit.containers
    assert shown(reader) == NAMES[1:]
    writer.apply([], [(MUSIC, b"F/Subs", b"2_German.ass")])
    writer.apply([], [(MUSIC, b"F/Subs/Film", b"French.vtt")])
    assert shown(reader) == []


def test_what_names_no_film_is_the_only_one_s(writer, reader):
    writer.apply([FILM, subtitle("F/English.srt")], [])
    assert shown(reader) == [b"F/English.srt"]
    writer.apply([film("F/Other.mkv", title="Other")], [])
    assert shown(reader) == shown(reader, "Other") == []
    writer.apply([], [(MUSIC, b"F", b"Other.mkv")])
    assert shown(reader) == [b"F/English.srt"]


def test_a_film_with_the_longer_name_takes_its_own(writer, reader):
    writer.apply([FILM, subtitle("F/Film 2.en.srt")], [])
    assert shown(reader) == [b"F/Film 2.en.srt"]
    writer.apply([film("F/Film 2.mkv", title="Film 2")], [])
    assert shown(reader) == []
    assert shown(reader, "Film 2") == [b"F/Film 2.en.srt"]


def test_a_film_in_the_root_of_its_library(writer, reader):
    writer.apply([film("Film.mkv", title="Film"), subtitle("Subs/English.srt")], [])
    assert shown(reader) == [b"Subs/English.srt"]


def test_neither_pictures_of_text_nor_the_subtitles_of_music(writer, reader):
    others = [subtitle("F/Film.idx"), subtitle("F/Film.sub"), subtitle("F/Film.sup")]
    writer.apply([FILM, track("F/a.mp3"), subtitle("F/a.srt"), *others], [])
    assert shown(reader) == []


def test_as_a_file_to_send(writer, reader):
    writer.apply(FILES, [])
    item = reader.resource(FILM.facts.content_id, EVERYONE)
    attached_id = item.caption_path.split("/")[2]
    resource = reader.resource(attached_id, EVERYONE)
    assert (resource.kind, resource.mime) == (Kind.IMAGE, "text/srt")
    assert resource.span is None
    writer.sync_roots([], [MUSIC])
    with pytest.raises(NoSuchObject):
        reader.resource(attached_id, EVERYONE)


def test_as_didl(writer, reader):
    writer.apply(FILES[:2], [])
    path = reader.resource(FILM.facts.content_id, EVERYONE).caption_path
    url = f"http://192.0.2.1:8200{path}"
    assert url.endswith("/subtitle.en.srt")
    entry = films(reader)["Film"]
    written = plain(didl.write([entry], EVERYTHING, "http://192.0.2.1:8200"))
    assert f'<sec:CaptionInfoEx sec:type="srt">{url}</sec:CaptionInfoEx>' in written
    assert f'<sec:CaptionInfo sec:type="srt">{url}</sec:CaptionInfo>' in written
    assert f' pv:subtitleFileType="SRT" pv:subtitleFileUri="{url}">' in written
    assert written.index("text/srt:") > written.index("video/mp4:")
    assert f">{url}</res></item>" in written
    assert 'xmlns:sec="http://www.sec.co.kr/dlna"' in written
    plain_res = plain(didl.write([entry], parse_filter("res"), ""))
    assert "CaptionInfo" not in plain_res
    assert "pv:" not in plain_res
    assert "xmlns:sec" not in plain_res


def test_what_few_devices_know_goes_first_as_srt(writer, reader):
    writer.apply([FILM, subtitle("F/Film.en.ass")], [])
    path = reader.resource(FILM.facts.content_id, EVERYONE).caption_path
    assert path.startswith("/subtitle/")
    source = reader.resource(path.split("/")[2], EVERYONE)
    assert (source.relative_path, source.span) == (b"F/Film.en.ass", None)
    written = plain(didl.write([films(reader)["Film"]], EVERYTHING, "http://h"))
    assert f'<sec:CaptionInfoEx sec:type="srt">http://h{path}<' in written
    made, as_it_is = written.index(">http://h/subtitle/"), written.index("text/x-ssa:")
    assert made < as_it_is
    assert "text/srt:DLNA.ORG_CI=1" in written


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Film.srt", "subtitle.srt"),
        ("Film.pt-BR.forced.srt", "subtitle.pt-br.forced.srt"),
        ("Film.sdh.default.smi", "text.sdh.srt"),
        ("Film.zh-Hant.hi.ass", "text.zh-hant.sdh.srt"),
    ],
)
def test_language_and_flags_are_told_in_the_address(writer, reader, name, told):
    writer.apply([FILM, subtitle(f"F/{name}")], [])
    path = reader.resource(FILM.facts.content_id, EVERYONE).caption_path
    assert path.rpartition("/")[2] == told
