"""GET and HEAD of /picture/ and /subtitle/: every status, on a wire in memory."""

import os
from dataclasses import replace

import pytest
from http_wire import Door, parse_answers
from test_stream import Threads, request
from twisted.internet.defer import Deferred

from upnpserver.errors import (
    CannotProcess,
    NoSuchObject,
    ProbeError,
    ProbesUnavailable,
)
from upnpserver.kept_forms import KeptForms
from upnpserver.model import Kind, Resource, Span
from upnpserver.net import forms
from upnpserver.net.forms import Forms, Makers
from upnpserver.policy import EVERYONE, Needs

PHOTO, SONG, LOST, GONE, TEXT = (letter * 16 for letter in "pslgt")
SMALL = b"small picture"
FEATURES = (
    "DLNA.ORG_PN=JPEG_TN;DLNA.ORG_CI=1;DLNA.ORG_FLAGS=00F00000000000000000000000000000"
)


class Hand:
    """A maker that makes what the test tells it to."""

    def __init__(self):
        self.asked = []
        self.waiting = 0
        self.result = SMALL
        self.later = []

    def __len__(self):
        return self.waiting

    def make(self, fd, asked, is_wanted):
        self.asked.append((os.pread(fd, 100, 0), asked, is_wanted()))
        done = Deferred()
        self.later.append(done)
        if self.result is not None:
            self.draw_all()
        return done

    def draw_all(self, result=None):
        result = self.result if result is None else result
        waiting, self.later = self.later, []
        for done in waiting:
            if isinstance(result, Exception):
                done.errback(result)
            else:
                done.callback(result)

    def stop(self):
        pass


class Ffmpeg(Hand):
    """One that draws pictures of films."""

    is_there = True

    def make(self, fd, arguments, within_s, is_wanted):
        return super().make(fd, " ".join(arguments), is_wanted)


class House:
    def __init__(self, folder):
        self.folder = folder
        self.threads, self.hand = Threads(), Hand()
        self.kept = KeptForms(folder / "kept", 1_000_000)
        self.having = {}
        self.ffmpeg = Ffmpeg()
        makers = Makers(self.hand, self.ffmpeg)
        self.forms = Forms(self.find, self.threads, makers, self.kept)
        self.policy, self.policies = EVERYONE, []
        methods = {b"GET": self.forms.answer, b"HEAD": self.forms.answer}
        self.door = Door(
            prefixes={b"/picture/": methods, b"/subtitle/": methods},
            policy_for=lambda _: self.policy,
        )

    def add(self, picture_id, name, content, mime="image/jpeg", **more):
        path = self.folder / name
        size, mtime_ns = len(content or b""), 0
        if content is not None:
            path.write_bytes(content)
            mtime_ns = path.stat().st_mtime_ns
        self.having[picture_id] = Resource(
            *(picture_id, Kind.IMAGE, os.fsencode(self.folder), os.fsencode(name)),
            *(mime, ""),
            **{"size_bytes": size, "mtime_ns": mtime_ns, **more},
        )

    def find(self, picture_id, policy):
        self.policies.append(policy)
        found = self.having.get(picture_id, NoSuchObject())
        if isinstance(found, Exception):
            raise found
        return found

    def send(self, path, *fields, method="GET"):
        wire = self.door.connect()
        wire.send(request(path, *fields, method=method))
        self.door.settle()
        return wire

    def answer(self, wire, *, head=False):
        data = b""
        while True:
            self.door.settle()
            data += wire.take()
            try:
                answers = parse_answers(data, (0,) if head else ())
            except AssertionError:
                answers = []
            if answers:
                return answers[0]
            self.threads.turn()

    def ask(self, path, *fields, method="GET"):
        wire = self.send(path, *fields, method=method)
        return self.answer(wire, head=method == "HEAD")


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.add(PHOTO, "photo.jpg", b"photo")
    house.add(SONG, "song.mp3", b"song with a picture", span=Span(12, 7, 19, 0))
    house.add(LOST, "lost.jpg", None)
    house.add(TEXT, "film.de.ass", b"words", mime="text/x-ssa")
    house.having[GONE] = CannotProcess()
    yield house
    house.forms.stop()


TN = f"/picture/{PHOTO}/tn.jpg"


def test_a_picture_is_drawn_and_sent(house):
    answer = house.ask(TN)
    assert (answer.status, answer.body) == (200, SMALL)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["contentFeatures.dlna.org"] == FEATURES
    assert answer.headers["transferMode.dlna.org"] == "Interactive"
    assert house.hand.asked == [(b"photo", b"tn", True)]
    assert house.policies == [EVERYONE]


def test_a_picture_inside_a_file(house):
    assert house.ask(f"/picture/{SONG}/med.jpg").status == 200
    assert house.hand.asked == [(b"song with a picture", b"med 12 7", True)]


def test_what_is_made_has_the_names_that_the_device_was_told(house):
    needs = Needs(
        mimes={"text/srt": "application/x-subrip", "image/jpeg": "image/jpg"},
        get_mimes={"image/jpeg": "image/pjpeg"},
        profiles_as={"JPEG_TN": "JPEG_SM"},
    )
    house.policy = replace(EVERYONE, needs=needs)
    subtitle = house.ask(f"/subtitle/{TEXT}/text.srt")
    assert subtitle.headers["Content-Type"] == "application/x-subrip"
    picture = house.ask(TN)
    assert picture.headers["Content-Type"] == "image/pjpeg"
    told = FEATURES.replace("JPEG_TN", "JPEG_SM")
    assert picture.headers["contentFeatures.dlna.org"] == told


@pytest.mark.parametrize("name", ["text.srt", "text.pt-br.forced.sdh.srt"])
def test_subtitles_become_srt(house, name):
    answer = house.ask(f"/subtitle/{TEXT}/{name}")
    assert (answer.status, answer.body) == (200, SMALL)
    assert answer.headers["Content-Type"] == "text/srt"
    assert house.hand.asked == [(b"words", b"srt ass", True)]


def test_it_is_drawn_once_and_the_file_is_not_touched_again(house):
    first = house.ask(TN)
    while house.kept.get(first.headers["ETag"].strip('"')) is None:
        house.threads.turn()
    (house.folder / "photo.jpg").unlink()
    assert house.ask(TN).body == SMALL
    head = house.ask(TN, method="HEAD")
    assert head.headers["Content-Length"] == str(len(SMALL))
    assert len(house.hand.asked) == 1


def test_who_has_it_gets_nothing_and_no_disk_is_asked(house):
    etag = house.ask(TN).headers["ETag"]
    answer = house.ask(TN, f"If-None-Match: {etag}")
    assert (answer.status, answer.body) == (304, b"")
    house.having[PHOTO] = replace(house.having[PHOTO], mtime_ns=5)
    assert house.ask(TN, f"If-None-Match: {etag}").status == 200


def test_several_who_ask_at_once_wait_for_one_drawing(house):
    house.hand.result = None
    wires = [house.send(TN) for _ in range(3)]
    while not house.hand.asked:
        house.threads.turn()
    house.hand.draw_all(SMALL)
    assert [house.answer(wire).body for wire in wires] == [SMALL] * 3
    assert len(house.hand.asked) == 1


def test_what_changed_since_the_scan_is_drawn_but_not_kept(house):
    house.having[PHOTO] = replace(house.having[PHOTO], size_bytes=4)
    assert house.ask(TN).status == 200
    assert house.ask(TN).status == 200
    assert len(house.hand.asked) == 2


def test_a_span_of_a_file_that_changed_is_not_read(house):
    house.having[SONG] = replace(house.having[SONG], size_bytes=4)
    assert house.ask(f"/picture/{SONG}/tn.jpg").status == 404
    assert house.hand.asked == []


def test_what_can_not_be_drawn_is_not_tried_again_until_it_changes(house):
    house.hand.result = ProbeError("is broken")
    assert [house.ask(TN).status for _ in range(2)] == [404, 404]
    assert len(house.hand.asked) == 1
    house.hand.result = SMALL
    house.having[PHOTO] = replace(house.having[PHOTO], mtime_ns=5)
    assert house.ask(TN).status == 200


def test_where_nothing_can_be_drawn_now_it_is_tried_again(house):
    house.hand.result = ProbesUnavailable("no child can run")
    assert house.ask(TN).status == 503
    house.hand.result = SMALL
    assert house.ask(TN).status == 200


def test_a_flood_is_refused(house):
    house.hand.waiting = forms.MOST_WAITING
    assert house.ask(TN).status == 503


def test_failures_are_remembered_up_to_a_bound(house, monkeypatch):
    monkeypatch.setattr(forms, "_REMEMBERED_FAILURES", 2)
    house.hand.result = ProbeError("is broken")
    for stamp in range(5):
        house.having[PHOTO] = replace(house.having[PHOTO], mtime_ns=stamp)
        assert house.ask(TN).status == 404
    assert len(house.forms._failed) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/picture/aaaaaaaaaaaaaaaa/tn.jpg", 404),
        (f"/picture/{PHOTO}/tn.png", 404),
        (f"/picture/{PHOTO}/huge.jpg", 404),
        (f"/picture/{PHOTO}/xx.jpg", 404),
        (f"/picture/{PHOTO}/", 404),
        (f"/picture/../{PHOTO}/tn.jpg", 404),
        (f"/picture/{LOST}/tn.jpg", 404),
        (f"/picture/{TEXT}/tn.jpg", 404),
        (f"/subtitle/{PHOTO}/text.srt", 404),
        (f"/subtitle/{TEXT}/tn.jpg", 404),
        (f"/subtitle/{TEXT}/text.en.jpg", 404),
        (f"/subtitle/{TEXT}/text.en..srt", 404),
        (f"/picture/{PHOTO}/tn.en.jpg", 404),
        (f"/picture/{GONE}/tn.jpg", 503),
    ],
)
def test_what_is_not_to_be_had(house, path, status):
    assert house.ask(path).status == status
    assert house.hand.asked == []


def test_a_mode_for_films_is_refused_before_anything_is_drawn(house):
    assert house.ask(TN, "transferMode.dlna.org: Streaming").status == 406
    assert house.hand.asked == []


def test_a_client_that_leaves_does_not_hurt_the_others(house):
    house.hand.result = None
    gone, stays = house.send(TN), house.send(TN)
    while not house.hand.asked:
        house.threads.turn()
    gone.vanish()
    house.hand.draw_all(SMALL)
    assert house.answer(stays).body == SMALL


FILM = "f" * 16
FACTS = (
    '{"kind":"video","mime":"video/x-matroska","content_id":"x","container":"matroska",'
    '"video_codec":"h264","duration_ms":90000,'
    '"tracks":[{"kind":"subtitle","codec":"srt","language":"en"}]}'
)


def add_film(house, facts=FACTS):
    more = {"mime": "video/x-matroska", "facts_json": facts}
    house.add(FILM, "film.mkv", b"film", **more)
    house.having[FILM] = replace(house.having[FILM], kind=Kind.VIDEO)


def test_a_picture_of_a_film_is_drawn_by_ffmpeg_and_kept(house):
    add_film(house)
    answer = house.ask(f"/picture/{FILM}/sm.jpg")
    assert (answer.status, answer.body) == (200, SMALL)
    assert answer.headers["Content-Type"] == "image/jpeg"
    ((content, arguments, is_wanted),) = house.ffmpeg.asked
    assert (content, is_wanted) == (b"film", True)
    assert " -ss 9.000 -f matroska -i file:/dev/fd/0 " in arguments
    assert "scale=w=640:h=480:" in arguments
    while house.kept.get(answer.headers["ETag"].strip('"')) is None:
        house.threads.turn()
    assert house.ask(f"/picture/{FILM}/sm.jpg").body == SMALL
    assert len(house.ffmpeg.asked) == 1
    assert house.hand.asked == []


def test_the_text_inside_a_film(house):
    add_film(house)
    answer = house.ask(f"/subtitle/{FILM}/film.t0.en.srt")
    assert (answer.status, answer.body) == (200, SMALL)
    assert answer.headers["Content-Type"] == "text/srt"
    assert " -map 0:s:0 -c:s srt " in house.ffmpeg.asked[0][1]


@pytest.mark.parametrize(
    "path", [f"/subtitle/{FILM}/film.t1.srt", f"/subtitle/{FILM}/text.srt"]
)
def test_texts_that_are_not_in_a_film(house, path):
    add_film(house)
    assert house.ask(path).status == 404


@pytest.mark.parametrize("facts", ["", FACTS.replace("matroska", "hls")])
def test_films_that_ffmpeg_is_not_given(house, facts):
    add_film(house, facts)
    assert house.ask(f"/picture/{FILM}/tn.jpg").status == 404
    assert house.ffmpeg.asked == []


def test_without_ffmpeg_there_are_no_pictures_of_films(house):
    add_film(house)
    house.ffmpeg.is_there = False
    assert house.ask(f"/picture/{FILM}/tn.jpg").status == 404


def test_what_ffmpeg_can_not_make_is_asked_of_it_once(house):
    add_film(house)
    house.ffmpeg.result = ProbeError("nothing could be made of it")
    for _ in range(2):
        assert house.ask(f"/picture/{FILM}/tn.jpg").status == 404
    assert len(house.ffmpeg.asked) == 1


def test_what_was_shown_last_is_sent_without_the_disk(house, monkeypatch):
    first = house.ask(TN)
    monkeypatch.setattr(KeptForms, "get", None)
    again = house.ask(TN)
    assert (again.status, again.body) == (200, first.body)
    assert len(house.hand.asked) == 1
