"""What libmediainfo could tell, without it: bounds and forms."""

import pytest

from upnpserver.facts import facts_from_json
from upnpserver.media import streams, text
from upnpserver.media.answers import facts_answer
from upnpserver.media.libmediainfo import Stream
from upnpserver.media.packets import MAX_ANSWER_BYTES
from upnpserver.model import Chapter, Kind, MediaFacts, Track


class Told:
    """Answers as an Analysis does."""

    def __init__(self, audio=(), subtitles=(), menu=()):
        self._streams = {Stream.AUDIO: audio, Stream.TEXT: subtitles}
        self._menu = menu

    def count(self, stream):
        return len(self._streams.get(stream, ()))

    def text(self, stream, parameter, index=0):
        return self._streams[stream][index].get(parameter, "")

    def number(self, stream, parameter, index=0):
        value = self.text(stream, parameter, index)
        return float(value) if value else None

    def menu(self, most):
        return list(self._menu[:most])


def test_tracks():
    told = Told(
        audio=[
            {"Format": "E-AC-3", "Channel(s)": "6", "Language": "de", "Default": "Yes"},
            {"Format": "AAC", "Language": "und", "Title": " Crew\n talks "},
        ],
        subtitles=[
            {"Format": "UTF-8", "Language": "pt-BR", "Forced": "Yes"},
            {"Format": "PGS", "Default": "No"},
            {"Format": "UTF-8", "CodecID": "S_TEXT/WEBVTT"},
        ],
    )
    assert streams.tracks(told) == (
        Track("audio", "eac3", "de", channels=6, default=True),
        Track("audio", "aac", title="Crew talks"),
        Track("subtitle", "srt", "pt-br", forced=True),
        Track("subtitle", "pgs"),
        Track("subtitle", "webvtt"),
    )


@pytest.mark.parametrize(
    ("menu", "chapters"),
    [
        (
            [("00:00:00.000", "en:Opening"), ("01:02:03.004", "pt-BR:Fim: tudo")],
            (Chapter(0, "Opening"), Chapter(3_723_004, "Fim: tudo")),
        ),
        (
            [("00:00:00.000", "Opening: at sea"), ("100:00:00.000", "")],
            (Chapter(0, "Opening: at sea"), Chapter(360_000_000)),
        ),
        ([("Menu For", "1,2"), ("00:00:10.000", "One")], (Chapter(10_000, "One"),)),
        ([("00:61:00.000", "No time")], ()),
    ],
)
def test_chapters(menu, chapters):
    assert streams.chapters(Told(menu=menu)) == chapters


def test_the_most_that_a_film_can_tell_fits_into_an_answer():
    wide = "\U0001f3ac"
    one = {"Format": "A" * 40, "Language": "zh-hant-tw", "Title": wide * 500}
    one |= {"Default": "Yes", "Forced": "Yes", "Channel(s)": "8"}
    menu = [
        (f"{n // 60:02}:{n % 60:02}:00.000", f"{n}" + wide * 300) for n in range(600)
    ]
    told = Told([one] * 40, [one] * 40, menu)
    names = text.names(f"{n}" + wide * 400 for n in range(100))
    facts = MediaFacts(
        Kind.VIDEO,
        "video/x-matroska",
        "abcdefgh234567ab",
        title=text.one_line(wide * 5000),
        comment=text.comment(wide * 5000),
        description=text.comment(wide * 5000),
        genres=names,
        directors=names,
        actors=names,
        tracks=streams.tracks(told),
        chapters=streams.chapters(told),
    )
    assert len(facts.tracks) == 64
    answer = facts_answer(facts)
    assert len(answer) <= MAX_ANSWER_BYTES
    assert facts_from_json(answer[1:].decode()) == facts
