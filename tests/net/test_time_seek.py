"""Bytes of a time, found by real children: kept, refused, and told in answers."""

import os
import sys
from types import SimpleNamespace

import pytest
from twisted.internet.defer import fail, succeed
from twisted.internet.epollreactor import EPollReactor

from upnpserver.dlna.npt import TimeSeek
from upnpserver.errors import ProbeError, ProbesUnavailable, RefusedRequest
from upnpserver.facts import facts_to_json
from upnpserver.media.places import Place, Span, Table
from upnpserver.model import Kind, MediaFacts, Resource
from upnpserver.net.form_maker import FormMaker
from upnpserver.net.time_seek import COMMAND, TimeSeeks

SIZE, MTIME = 100_000, 5
RATE, FRAME_BYTES, HEAD_BYTES = 1000, 2, 44


def resource(container, item_id="a" * 16):
    facts = MediaFacts(Kind.AUDIO, "a/b", item_id, container, duration_ms=50_000)
    return Resource(
        item_id=item_id,
        kind=Kind.AUDIO,
        root=b"/",
        relative_path=b"x",
        mime="a/b",
        content_features="DLNA.ORG_OP=11",
        duration_ms=50_000,
        size_bytes=SIZE,
        mtime_ns=MTIME,
        facts_json=facts_to_json(facts),
    )


def source(fd=-1, size_bytes=SIZE, mtime_ns=MTIME):
    file = SimpleNamespace(fd=fd, size_bytes=size_bytes, mtime_ns=mtime_ns)
    return SimpleNamespace(file=file)


class Maker:
    """Stands for the children: notes what is asked, answers as told."""

    def __init__(self, *answers):
        self.asked, self.answers = [], list(answers)
        self.waiting = 0

    def __len__(self):
        return self.waiting

    def make(self, _fd, asked, _is_wanted):
        self.asked.append(asked.decode())
        answer = self.answers.pop(0)
        return fail(answer) if isinstance(answer, Exception) else succeed(answer)


TABLE = Table.of([Place(0, 10), Place(10_000, 5000), Place(20_000, 9000)], SIZE).pack()


def span(times, *arguments):
    """Return what is found, or the status that is answered."""
    try:
        found = times.span(*arguments)
    except RefusedRequest as refusal:
        return refusal.status
    result = []
    found.addBoth(result.append)
    value = getattr(result[0], "value", result[0])
    return value.status if isinstance(value, RefusedRequest) else value


def test_a_table_is_asked_for_once():
    maker = Maker(TABLE)
    times = TimeSeeks(maker)
    film = resource("matroska")
    assert span(times, source(), film, TimeSeek(12_000)) == Span(5000, SIZE)
    assert span(times, source(), film, TimeSeek(0, 12_000)) == Span(0, 9000)
    assert maker.asked == ["table matroska"]


def test_a_file_that_is_another_now_is_not_sought():
    maker = Maker(TABLE, TABLE)
    times = TimeSeeks(maker)
    film = resource("matroska")
    assert span(times, source(size_bytes=SIZE + 1), film, TimeSeek(0)) == 406
    assert span(times, source(mtime_ns=MTIME + 1), film, TimeSeek(0)) == 406
    assert maker.asked == []


def test_tables_take_so_much_and_no_more():
    names = [f"{letter}" * 16 for letter in "abc"]
    maker = Maker(*[TABLE] * 5)
    one = Table.unpack(TABLE).held_bytes
    times = TimeSeeks(maker, 2 * one)
    for name in (*names, names[2], names[1], names[0]):
        assert isinstance(
            span(times, source(), resource("mp4", name), TimeSeek(1)), Span
        )
    assert len(maker.asked) == 4  # the oldest had to go


def test_what_is_searched_is_asked_for_each_time():
    maker = Maker(b"100 2000", b"100 100000")
    times = TimeSeeks(maker)
    song = resource("flac")
    assert span(times, source(), song, TimeSeek(1000, 2000)) == Span(100, 2000)
    assert span(times, source(), song, TimeSeek(1000)) == Span(100, SIZE)
    assert maker.asked == ["span flac 50000 1000 2000", "span flac 50000 1000 -"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ProbeError("no"), 406),
        (ProbesUnavailable("no"), 503),
        (b"", 406),
        (b"5", 406),
        (b"a b", 406),
        (b"7 5", 406),
        (b"0 100001", 406),
        (b"-1 5", 406),
    ],
)
def test_what_a_child_can_not_tell_is_refused(answer, status):
    assert span(TimeSeeks(Maker(answer)), source(), resource("flac"), TimeSeek(1)) == (
        status
    )


def test_a_table_that_is_none_is_refused():
    assert span(TimeSeeks(Maker(b"x")), source(), resource("mp4"), TimeSeek(1)) == 406


def test_too_many_who_seek_have_to_wait():
    maker = Maker()
    maker.waiting = 1000
    assert span(TimeSeeks(maker), source(), resource("flac"), TimeSeek(1)) == 503


@pytest.fixture
def song(tmp_path):
    """Return a descriptor of a WAV file whose samples tell where they are."""
    samples = b"".join(
        number.to_bytes(FRAME_BYTES, "little")
        for number in range((SIZE - HEAD_BYTES) // FRAME_BYTES)
    )
    shape = [1, 1, RATE & 0xFFFF, 0, RATE * FRAME_BYTES, 0, FRAME_BYTES, 16]
    head = (
        b"RIFF" + (SIZE - 8).to_bytes(4, "little") + b"WAVEfmt " + bytes([16, 0, 0, 0])
    )
    head += b"".join(number.to_bytes(2, "little") for number in shape)
    head += b"data" + len(samples).to_bytes(4, "little")
    path = tmp_path / "song.wav"
    path.write_bytes(head + samples)
    fd = os.open(path, os.O_RDONLY)
    yield fd
    os.close(fd)


def test_a_real_child_finds_it(song):
    reactor = EPollReactor()
    maker = FormMaker(reactor, reactor, lambda kill: kill(), COMMAND)
    times = TimeSeeks(maker)
    results = []
    for seek in (TimeSeek(10_000), TimeSeek(10_000, 20_000)):
        times.span(source(song), resource("wav"), seek).addBoth(results.append)
    end = reactor.seconds() + 60
    while len(results) < 2 and reactor.seconds() < end:
        reactor.iterate(0.05)
    times.stop()
    first = HEAD_BYTES + 10 * RATE * FRAME_BYTES
    assert results == [Span(first, SIZE), Span(first, first + 10 * RATE * FRAME_BYTES)]


def test_a_child_that_can_not_run_is_told(song):
    reactor = EPollReactor()
    command = (sys.executable, "-c", "raise SystemExit(1)")
    maker = FormMaker(reactor, reactor, lambda kill: kill(), command)
    results = []
    found = TimeSeeks(maker).span(source(song), resource("wav"), TimeSeek(1))
    found.addBoth(results.append)
    end = reactor.seconds() + 60
    while not results and reactor.seconds() < end:
        reactor.iterate(0.05)
    maker.stop()
    assert results[0].value.status == 503
