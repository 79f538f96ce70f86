"""GET and HEAD of /media/: every status, header and byte, on a wire in memory."""

import contextlib
import errno
import os
import queue
from dataclasses import replace
from pathlib import Path

import pytest
from http_wire import OWN_LINES, Door, parse_answers

from upnpserver.errors import NoSuchObject
from upnpserver.model import Kind, Resource, Span
from upnpserver.net import source
from upnpserver.net.openfile import OpenFile
from upnpserver.net.stream import Streams
from upnpserver.policy import EVERYONE, Needs

FILM, PHOTO, EMPTY, LOST = "filmfilmfilmfilm", "photo234photo234", "e" * 16, "l" * 16
CONTENT = bytes(range(256)) * 1000
FEATURES = "DLNA.ORG_PN=AVC_MP4_HP_HD_AAC;DLNA.ORG_OP=01;DLNA.ORG_CI=0"
MODIFIED = 784111777
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
ETAG = f'"{FILM}-3e800-ae1b981bc490a00"'
LIMIT_S = 30


class Threads:
    """What the disks' threads talk to; turn() takes one call from them."""

    def __init__(self):
        self.calls = queue.Queue()

    def callFromThread(self, function, *arguments):
        self.calls.put((function, arguments))

    def turn(self):
        function, arguments = self.calls.get(timeout=LIMIT_S)
        function(*arguments)


class House:
    """A door behind which some files are."""

    def __init__(self, folder):
        self.folder = folder
        self.threads = Threads()
        self.resources = {}
        self.asked_by = []
        self.sent = []
        self.several = 0  # bytes that are sent in several parts
        self.streams = Streams(self.find, self.threads, self.begun)
        self.policy = EVERYONE
        methods = {b"GET": self.streams.answer, b"HEAD": self.streams.answer}
        self.door = Door(
            prefixes={b"/media/": methods}, policy_for=lambda request: self.policy
        )

    def add(self, item_id, name, content, **more):
        path = self.folder / name
        if content is not None:
            path.write_bytes(content)
            os.utime(path, (MODIFIED, MODIFIED))
        fields = {
            "kind": Kind.VIDEO,
            "root": os.fsencode(self.folder),
            "relative_path": os.fsencode(name),
            "mime": "video/mp4",
            "content_features": FEATURES,
            "duration_ms": 90_500,
        }
        self.resources[item_id] = Resource(item_id=item_id, **(fields | more))
        return path

    def begun(self, request, resource, size, course):
        def ended(*span):
            told = str(request.peer), resource.item_id, size, span
            self.sent.append(told)
            sent = span[1] - span[0]
            assert (course.at(), course.sent()) == (span[1], sent or self.several)

        return ended

    def find(self, item_id, policy):
        self.asked_by.append(policy)
        try:
            return self.resources[item_id]
        except KeyError:
            raise NoSuchObject from None

    def ask(self, path, *fields, method="GET", count=1):
        """Return the wire on which the answer arrives, and its only answer."""
        wire = self.door.connect()
        wire.send(request(path, *fields, method=method) * count)
        heads = range(count) if method == "HEAD" else ()
        return self.answers(wire, heads, count)

    def answers(self, wire, heads=(), count=1):
        data = b""
        while True:
            self.door.settle()
            data += wire.take()
            try:
                answers = parse_answers(data, heads)
            except AssertionError:
                answers = []
            if len(answers) == count:
                return answers[0] if count == 1 else answers
            self.threads.turn()


def request(path, *fields, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: 192.0.2.1:8200", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.add(FILM, "film.mp4", CONTENT)
    house.add(PHOTO, "photo.jpg", b"photo", kind=Kind.IMAGE, mime="image/jpeg")
    house.add(EMPTY, "empty.mp4", b"")
    house.add(LOST, "lost.mp4", None)
    yield house
    house.streams.stop()


FILM_HEADERS = {
    "Content-Type": "video/mp4",
    "Accept-Ranges": "bytes",
    "Last-Modified": DATE,
    "ETag": ETAG,
    "transferMode.dlna.org": "Streaming",
    "contentFeatures.dlna.org": FEATURES,
    "Content-Length": "256000",
}


def own(headers):
    return {name: headers[name] for name in headers if name not in {"Date", "Server"}}


def test_a_whole_file(house):
    answer = house.ask(f"/media/{FILM}/video.mp4")
    assert answer.status == 200
    assert own(answer.headers) == FILM_HEADERS
    assert answer.body == CONTENT


def raw_answer(house, path, *fields, end):
    """Return the bytes of the only answer, which are all there with end."""
    wire = house.door.connect()
    wire.send(request(path, *fields))
    data = b""
    while not data.endswith(end):
        house.door.settle()
        data += wire.take()
        if not data.endswith(end):
            house.threads.turn()
    return data


def test_the_head_is_sent_letter_by_letter(house):
    assert raw_answer(house, f"/media/{PHOTO}/image.jpg", end=b"photo") == (
        b"HTTP/1.1 200 OK\r\n"
        b"Content-Type: image/jpeg\r\n"
        b"Accept-Ranges: bytes\r\n"
        b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        b'ETag: "photo234photo234-5-ae1b981bc490a00"\r\n'
        b"transferMode.dlna.org: Interactive\r\n"
        b"contentFeatures.dlna.org: " + FEATURES.encode() + b"\r\n"
        b"Content-Length: 5\r\n" + OWN_LINES + b"\r\nphoto"
    )


def test_what_a_device_asks_for_changes_no_other_letter_of_the_head(house):
    house.add(FILM, "film.avi", b"film", mime="video/x-msvideo", caption_path="/s/a")
    needs = Needs(
        mimes={"video/x-msvideo": "video/x-divx"},
        get_mimes={"video/x-msvideo": "video/mpeg"},
        profiles_as={"AVC_MP4_HP_HD_AAC": "AVI"},
        subtitles=("caption-header",),
    )
    house.policy = replace(EVERYONE, needs=needs)
    asked = ["getCaptionInfo.sec: 1", "getMediaInfo.sec: 1"]
    assert raw_answer(house, f"/media/{FILM}/video.avi", *asked, end=b"film") == (
        b"HTTP/1.1 200 OK\r\n"
        b"Content-Type: video/mpeg\r\n"
        b"Accept-Ranges: bytes\r\n"
        b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        b'ETag: "filmfilmfilmfilm-4-ae1b981bc490a00"\r\n'
        b"transferMode.dlna.org: Streaming\r\n"
        b"contentFeatures.dlna.org:"
        b" DLNA.ORG_PN=AVI;DLNA.ORG_OP=01;DLNA.ORG_CI=0\r\n"
        b"MediaInfo.sec: SEC_Duration=90500;\r\n"
        b"CaptionInfo.sec: http://192.0.2.1:8200/s/a\r\n"
        b"Content-Length: 4\r\n" + OWN_LINES + b"\r\nfilm"
    )


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("bytes=0-", 0, 256_000),
        ("bytes=0-0", 0, 1),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=-10", 255_990, 256_000),
        ("bytes=255999-999999", 255_999, 256_000),
    ],
)
def test_a_range(house, value, start, end):
    answer = house.ask(f"/media/{FILM}/video.mp4", f"Range: {value}")
    assert answer.status == 206
    assert own(answer.headers) == FILM_HEADERS | {
        "Content-Range": f"bytes {start}-{end - 1}/256000",
        "Content-Length": str(end - start),
    }
    assert answer.body == CONTENT[start:end]


TOO_MANY = ",".join(f"{at}-{at}" for at in range(0, 17_000, 1000))


@pytest.mark.parametrize(
    "field",
    ["Range: lines=1-2", "Range: bytes=0-1,x", f"Range: bytes={TOO_MANY}"],
)
def test_what_is_no_range_of_bytes_gets_the_whole(house, field):
    answer = house.ask(f"/media/{FILM}/video.mp4", field)
    assert (answer.status, answer.body) == (200, CONTENT)


def parts_in(answer):
    """Return (headers, bytes) of the parts of an answer."""
    kind, _, boundary = answer.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    first, *parts, last = (b"\r\n" + answer.body).split(b"\r\n--" + boundary.encode())
    assert (first, last) == (b"", b"--\r\n")
    found = []
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        found.append((head.decode().split("\r\n")[1:], content))
    return found


@pytest.mark.parametrize(
    ("value", "spans"),
    [
        ("bytes=0-1,1000-1999", [(0, 2), (1000, 2000)]),
        ("bytes=0-9,11-29", [(0, 10), (11, 30)]),
        ("bytes=-5, 0-0", [(255_995, 256_000), (0, 1)]),
        ("bytes=0-99999,200000-", [(0, 100_000), (200_000, 256_000)]),
        ("bytes=0-1,999999-,1000-1000", [(0, 2), (1000, 1001)]),
    ],
)
def test_several_ranges(house, value, spans):
    house.several = sum(end - start for start, end in spans)
    answer = house.ask(f"/media/{FILM}/video.mp4", f"Range: {value}")
    assert answer.status == 206
    assert "Content-Range" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert parts_in(answer) == [
        (
            [
                "Content-Type: video/mp4",
                f"Content-Range: bytes {start}-{end - 1}/256000",
            ],
            CONTENT[start:end],
        )
        for start, end in spans
    ]


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("bytes=0-9,5-19", 0, 20),
        ("bytes=0-9,10-29", 0, 30),
        ("bytes=0-9,900000-", 0, 10),
    ],
)
def test_of_several_ranges_one_part_may_be_left(house, value, start, end):
    house.several = end - start
    answer = house.ask(f"/media/{FILM}/video.mp4", f"Range: {value}")
    assert answer.status == 206
    ((head, content),) = parts_in(answer)
    assert f"Content-Range: bytes {start}-{end - 1}/256000" in head
    assert content == CONTENT[start:end]


def test_several_ranges_never_bring_more_than_the_file(house):
    answer = house.ask(f"/media/{FILM}/video.mp4", "Range: bytes=0-,0-,0-")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert answer.body == CONTENT


def test_several_ranges_of_nothing(house):
    answer = house.ask(f"/media/{FILM}/x", "Range: bytes=256000-,300000-300001")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */256000"


def test_head_of_several_ranges_tells_the_length(house):
    fields = f"/media/{FILM}/x", "Range: bytes=0-1,1000-1999"
    house.several = 1002
    get, head = house.ask(*fields), house.ask(*fields, method="HEAD")
    assert (head.status, head.body) == (206, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_several_ranges_are_no_play(house):
    house.several = 1002
    house.ask(f"/media/{FILM}/x", "Range: bytes=0-1,255000-")
    ((_, _, size, (start, until)),) = house.sent
    assert (size, start) == (256_000, until)


def test_several_ranges_of_a_file_that_became_shorter_end_the_connection(house):
    before = open_files(house)
    wire = house.door.connect()
    wire.send(request(f"/media/{FILM}/x", "Range: bytes=0-199999,250000-"))
    house.threads.turn()  # opened
    os.truncate(house.folder / "film.mp4", 100)
    while not wire.was_reset:
        house.threads.turn()
        house.door.settle()
    while open_files(house) != before:
        house.threads.turn()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("value", ["bytes=256000-", "bytes=5-2", "bytes=-0"])
def test_a_range_that_holds_nothing(house, method, value):
    answer = house.ask(f"/media/{FILM}/video.mp4", f"Range: {value}", method=method)
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */256000"


@pytest.mark.parametrize("fields", [[], ["Range: bytes=5-9"]])
def test_head_is_get_without_the_body(house, fields):
    get = house.ask(f"/media/{FILM}/video.mp4", *fields)
    head = house.ask(f"/media/{FILM}/video.mp4", *fields, method="HEAD")
    assert head.status == get.status
    assert list(head.headers.items()) == list(get.headers.items())
    assert head.body == b""


def test_a_head_does_not_read(house, monkeypatch):
    monkeypatch.setattr(OpenFile, "read", None)
    monkeypatch.setattr(OpenFile, "cached", None)
    assert house.ask(f"/media/{FILM}/x", method="HEAD").status == 200


def test_an_empty_file(house):
    answer = house.ask(f"/media/{EMPTY}/video.mp4")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == "0"
    assert house.ask(f"/media/{EMPTY}/x", "Range: bytes=0-").status == 416


@pytest.mark.parametrize(
    ("field", "status"),
    [
        (f"If-None-Match: {ETAG}", 304),
        ('If-None-Match: "other"', 200),
        (f"If-Modified-Since: {DATE}", 304),
        (f"If-Match: {ETAG}", 200),
        ('If-Match: "other"', 412),
        (f"If-Unmodified-Since: {DATE}", 200),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 412),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(house, field, status, method):
    answer = house.ask(f"/media/{FILM}/video.mp4", field, method=method)
    assert answer.status == status
    if status == 304:
        assert own(answer.headers) == {"Last-Modified": DATE, "ETag": ETAG}


@pytest.mark.parametrize(
    ("field", "status"),
    [
        (f"If-Range: {ETAG}", 206),
        (f"If-Range: {DATE}", 206),
        ('If-Range: "other"', 200),
    ],
)
def test_a_range_of_what_the_asker_has(house, field, status):
    answer = house.ask(f"/media/{FILM}/video.mp4", "Range: bytes=5-", field)
    assert answer.status == status


def test_the_file_says_how_large_it_is_not_the_catalog(house):
    path = house.folder / "film.mp4"
    before = house.ask(f"/media/{FILM}/video.mp4").headers["ETag"]
    path.write_bytes(CONTENT + b"more")
    after = house.ask(f"/media/{FILM}/video.mp4", f"If-Range: {before}")
    assert after.body == CONTENT + b"more"
    assert after.headers["ETag"] != before
    assert house.ask(f"/media/{FILM}/x", f"If-None-Match: {before}").status == 200


@pytest.mark.parametrize("seconds", [-5, 0, 2**40])
def test_a_file_from_any_time_has_a_date(house, seconds):
    os.utime(house.folder / "film.mp4", (seconds, seconds))
    answer = house.ask(f"/media/{FILM}/video.mp4", method="HEAD")
    assert answer.status == 200
    assert answer.headers["Last-Modified"].endswith(" GMT")


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ("transferMode.dlna.org: Interactive", 406),
        ("getcontentFeatures.dlna.org: 2", 400),
        ("TimeSeekRange.dlna.org: npt=10-", 406),
        ("PlaySpeed.dlna.org: speed=2", 406),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_dlna_headers_that_can_not_be_served(house, field, status, method):
    assert house.ask(f"/media/{FILM}/x", field, method=method).status == status
    assert house.threads.calls.empty()  # no disk was asked


def test_a_device_that_needs_it_gets_a_film_interactively(house):
    house.policy = replace(EVERYONE, needs=Needs(any_transfer_mode=True))
    answer = house.ask(f"/media/{FILM}/x", "transferMode.dlna.org: Interactive")
    assert answer.status == 200
    assert answer.headers["transferMode.dlna.org"] == "Interactive"


def test_a_film_has_the_name_that_the_device_was_told(house):
    needs = Needs(mimes={"video/mp4": "video/x-m4v"}, profiles="no")
    house.policy = replace(EVERYONE, needs=needs)
    answer = house.ask(f"/media/{FILM}/x")
    assert answer.headers["Content-Type"] == "video/x-m4v"
    assert answer.headers["contentFeatures.dlna.org"] == "DLNA.ORG_OP=01;DLNA.ORG_CI=0"
    needs = Needs(mimes={"video/mp4": "a/b"}, get_mimes={"video/mp4": "video/mpeg"})
    house.policy = replace(EVERYONE, needs=needs)
    answer = house.ask(f"/media/{FILM}/x", method="HEAD")
    assert answer.headers["Content-Type"] == "video/mpeg"


def test_only_who_looks_for_it_hears_of_a_subtitle_in_a_header(house):
    house.add(FILM, "film.mp4", CONTENT, caption_path="/media/a/subtitle.srt")
    asked = "getCaptionInfo.sec: 1"
    answer = house.ask(f"/media/{FILM}/x", asked, method="HEAD")
    assert answer.headers["CaptionInfo.sec"].endswith("/media/a/subtitle.srt")
    house.policy = replace(EVERYONE, needs=Needs(subtitles=("res-srt",)))
    answer = house.ask(f"/media/{FILM}/x", asked, method="HEAD")
    assert "CaptionInfo.sec" not in answer.headers


def test_a_tv_hears_how_long_the_film_is(house):
    answer = house.ask(f"/media/{FILM}/x", "getMediaInfo.sec: 1", method="HEAD")
    assert answer.headers["MediaInfo.sec"] == "SEC_Duration=90500;"


NOWHERE = ["/media/", "/media/film", f"/media/{FILM}", f"/media/{FILM.upper()}/x"]
NOWHERE += [f"/media/{FILM}/x/y", f"/media/{FILM}x/x", "/media/../etc/passwd"]
NOWHERE += [f"/media/{FILM[:-1]}1/x", f"/media/%66{FILM[1:]}/x", "/media/" + "a" * 16]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_not_there(house, path, method):
    answer = house.ask(path, method=method)
    assert answer.status == 404
    assert house.threads.calls.empty()


def test_only_the_id_counts(house):
    for name in ["video.mp4", "", "x.exe", "%2e%2e", "video.mp4?albumArt=true"]:
        assert house.ask(f"/media/{FILM}/{name}", method="HEAD").status == 200


def test_a_vanished_file_is_answered_as_an_unknown_one(house):
    unknown = house.ask(f"/media/{'a' * 16}/x")
    assert house.ask(f"/media/{LOST}/x") == unknown
    (house.folder / "link.mp4").symlink_to("/etc/passwd")
    house.add("k" * 16, "link.mp4", None)
    assert house.ask(f"/media/{'k' * 16}/x") == unknown


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENOMEM])
def test_a_disk_that_fails_is_not_told_as_a_missing_file(house, monkeypatch, number):
    def open_file(*_arguments, **_options):
        raise OSError(number, "no")

    monkeypatch.setattr(OpenFile, "open", open_file)
    assert house.ask(f"/media/{FILM}/x").status == 503


def test_where_the_subtitle_of_a_film_is(house):
    house.add(FILM, "film.mp4", CONTENT, caption_path="/media/x/subtitle.srt")
    answer = house.ask(f"/media/{FILM}/x", "getCaptionInfo.sec: 1", method="HEAD")
    url = "http://192.0.2.1:8200/media/x/subtitle.srt"
    assert answer.headers["CaptionInfo.sec"] == url


COVER = "covercovercover2"
SPAN = Span(1000, 500, len(CONTENT), MODIFIED * 10**9)


@pytest.fixture
def picture(house):
    """Return the path of a picture inside a film."""
    more = {"kind": Kind.IMAGE, "mime": "image/png", "duration_ms": None}
    house.add(COVER, "inside.mp4", CONTENT, span=SPAN, **more)
    return f"/media/{COVER}/art.png"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("", 0, 500), ("0-", 0, 500), ("10-19", 10, 20), ("-7", 493, 500)],
)
def test_a_part_of_a_file_is_all_there_is(house, picture, asked, start, end):
    answer = house.ask(picture, *([f"Range: bytes={asked}"] if asked else []))
    assert answer.body == CONTENT[1000 + start : 1000 + end]
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == str(end - start)
    if asked:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/500"


def test_head_of_a_part_of_a_file(house, picture):
    answer = house.ask(picture, method="HEAD")
    assert (answer.status, answer.headers["Content-Length"]) == (200, "500")


def test_nothing_beyond_a_part_of_a_file(house, picture):
    answer = house.ask(picture, "Range: bytes=500-")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */500"


def test_a_part_is_gone_when_its_file_was_written_anew(house, picture):
    path = house.folder / "inside.mp4"
    os.utime(path, (MODIFIED + 1, MODIFIED + 1))
    assert house.ask(picture).status == 404
    path.write_bytes(CONTENT[:-1])
    os.utime(path, (MODIFIED, MODIFIED))
    assert house.ask(picture).status == 404


def test_a_part_beyond_its_file_is_gone(house):
    for span in (replace(SPAN, offset=len(CONTENT) - 499), replace(SPAN, length=2**40)):
        house.add(COVER, "inside.mp4", CONTENT, kind=Kind.IMAGE, span=span)
        files = open_files(house)
        assert house.ask(f"/media/{COVER}/art.png").status == 404
        house.threads.turn()  # closed
        assert open_files(house) == files


def test_the_door_s_policy_decides_what_is_there(house):
    house.policy = replace(EVERYONE, device="kitchen")
    house.ask(f"/media/{FILM}/x", method="HEAD")
    assert house.asked_by == [house.policy]


def test_requests_in_one_segment_are_answered_in_order(house):
    wire = house.door.connect()
    paths = [f"/media/{FILM}/x", f"/media/{PHOTO}/x", f"/media/{LOST}/x"]
    wire.send(b"".join(map(request, paths)))
    answers = house.answers(wire, count=3)
    assert [answer.status for answer in answers] == [200, 200, 404]
    assert [answer.body for answer in answers][:2] == [CONTENT, b"photo"]


def test_a_client_that_left_while_the_disk_slept_costs_nothing(house, monkeypatch):
    opened = []
    monkeypatch.setattr(OpenFile, "open", lambda *arguments: opened.append(arguments))
    held = []
    monkeypatch.setattr(
        source.Disks,
        "run",
        lambda disks, disk, work, first: held.append(work) or Never(),
    )
    wire = house.door.connect()
    wire.send(request(f"/media/{FILM}/x"))
    house.door.settle()
    wire.vanish()
    with pytest.raises(InterruptedError):
        held[0]()
    assert opened == []


class Never:
    """A Deferred that nobody fires."""

    def addCallback(self, *_arguments):
        return self

    def addCallbacks(self, *_arguments, **_options):
        return self

    addErrback = addCallback


def test_a_client_that_left_while_the_file_was_opened_leaves_no_file(house):
    wire = house.door.connect()
    wire.send(request(f"/media/{FILM}/x"))
    opened = house.threads.calls.get(timeout=LIMIT_S)
    wire.vanish()
    files = open_files(house)
    opened[0](*opened[1])
    house.threads.turn()  # closed
    assert open_files(house) == files - 1
    assert wire.take() == b""


def test_a_client_that_leaves_in_the_middle_leaves_no_file(house):
    before = open_files(house)
    wire = house.door.connect()
    wire.client_reads = False
    wire.send(request(f"/media/{FILM}/x"))
    house.threads.turn()  # opened
    house.threads.turn()  # the first piece was read
    assert len(wire.unsent) > 1000
    wire.vanish()
    house.threads.turn()  # closed
    assert open_files(house) == before


def test_a_file_that_became_shorter_ends_the_connection(house):
    wire = house.door.connect()
    wire.send(request(f"/media/{FILM}/x"))
    house.threads.turn()  # opened
    os.truncate(house.folder / "film.mp4", 100)
    while not wire.was_reset:
        house.threads.turn()
        house.door.settle()


def test_a_bug_costs_one_connection(house, monkeypatch):
    def broken(*_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr("upnpserver.net.stream.select", broken)
    before = open_files(house)
    answer = house.ask(f"/media/{FILM}/x")
    house.threads.turn()  # closed
    assert answer.status == 500
    assert open_files(house) == before


def open_files(house):
    """Return how many of the house's files are open in this process."""
    found = 0
    for number in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += number.readlink().is_relative_to(house.folder)
    return found


@pytest.mark.parametrize(
    ("fields", "span"),
    [
        ((), (0, 256_000)),
        (("Range: bytes=100000-",), (100_000, 256_000)),
        (("Range: bytes=-1",), (255_999, 256_000)),
    ],
)
def test_what_was_sent_is_told(house, fields, span):
    house.ask(f"/media/{FILM}/video.mp4", *fields)
    assert house.sent == [("192.0.2.7", FILM, 256_000, span)]


def test_of_a_stream_that_is_cut_so_much_is_told_as_was_sent(house):
    wire = house.door.connect()
    wire.send(request(f"/media/{FILM}/video.mp4"))
    house.threads.turn()
    wire.vanish()
    while not house.sent:
        house.threads.turn()
    ((_, _, _, (start, until)),) = house.sent
    assert start == 0
    assert until < 256_000


def test_a_head_is_nothing_sent(house):
    house.ask(f"/media/{FILM}/video.mp4", method="HEAD")
    assert house.sent == []


def test_on_a_local_disk_a_thread_opens_the_first_file_only(house, monkeypatch):
    house.ask(f"/media/{PHOTO}/x", method="HEAD")
    opened = []
    real = OpenFile.open_if_known.__func__
    monkeypatch.setattr(
        OpenFile,
        "open_if_known",
        lambda *names: opened.append(real(OpenFile, *names)) or opened[-1],
    )
    monkeypatch.setattr(OpenFile, "open", None)  # what a thread would do
    answer = house.ask(f"/media/{PHOTO}/x", method="HEAD")
    if opened[0] is None:
        pytest.skip("this kernel or file system keeps no names")
    assert answer.status == 200


def test_where_files_are_not_local_threads_open_them_all(house, monkeypatch):
    monkeypatch.setattr(OpenFile, "is_local_in", lambda *_: False)
    monkeypatch.setattr(OpenFile, "open_if_known", None)
    for _ in range(3):
        assert house.ask(f"/media/{PHOTO}/x", method="HEAD").status == 200


def test_that_a_disk_is_local_is_found_out_again_and_again(house, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("upnpserver.net.disks.time.monotonic", lambda: now[0])
    disks = house.streams._disks
    disks.note_local(b"/disk", True)
    assert disks.is_local(b"/disk")
    assert not disks.is_local(b"/other")
    now[0] += 6
    assert not disks.is_local(b"/disk")
    disks.note_local(b"/disk", True)
    disks.note_local(b"/disk", False)
    assert not disks.is_local(b"/disk")
