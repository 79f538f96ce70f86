"""DLNA's headers on media. Source: DLNA guidelines 7.4; dlna-media.md section 2."""

import re

from conformance.checks import Group, NotOffered, among, equal, none, true
from conformance.groups.resources import KINDS, fields, path_of
from conformance.groups.streaming import Media
from conformance.subject import Subject

check = Group("DLNA")
DLNA = "DLNA guidelines 7.4; reference dlna-media.md section 2"
MODE, FEATURES = "transferMode.dlna.org", "contentFeatures.dlna.org"
GET_FEATURES = "getcontentFeatures.dlna.org"


def features(media: Media) -> str:
    return ":".join(fields(media.resource)[3:])


@check(DLNA, KINDS)
def content_features(server, kind):
    """getcontentFeatures: 1 brings the 4th field of protocolInfo."""
    media = Media(server, kind)
    equal(media.get_with({GET_FEATURES: "1"}).header(FEATURES), features(media))


@check(DLNA, KINDS)
def content_features_of_head(server, kind):
    """HEAD brings the content features too."""
    media = Media(server, kind)
    response = media.get_with({GET_FEATURES: "1"}, "HEAD")
    equal(response.header(FEATURES), features(media))


@check(DLNA, KINDS)
def content_features_of_a_range(server, kind):
    """A range brings the content features too."""
    media = Media(server, kind)
    response = media.get_with({GET_FEATURES: "1", "Range": "bytes=0-9"})
    equal(response.header(FEATURES), features(media))


@check(DLNA, {"0": "0", "2": "2", "word": "yes"})
def wrong_content_features(server, value):
    """getcontentFeatures with another value than 1 is 400."""
    equal(Media(server, "audio").get_with({GET_FEATURES: value}).status, 400)


@check("reference description.md section 7 (TVs compare letters)", (MODE, FEATURES))
def spelling(server, name):
    """DLNA's headers are spelled as the guidelines spell them."""
    response = Media(server, "audio").get_with({GET_FEATURES: "1", MODE: "Streaming"})
    if not response.has(name):
        raise NotOffered(f"no {name}")
    equal(response.spelled(name), name)


MODES = {
    "audio Streaming": ("audio", "Streaming", 200),
    "video Streaming": ("video", "Streaming", 200),
    "image Interactive": ("image", "Interactive", 200),
    "audio Background": ("audio", "Background", 200),
    "video Background": ("video", "Background", 200),
    "image Background": ("image", "Background", 200),
    "image Streaming": ("image", "Streaming", 406),
    "audio Interactive": ("audio", "Interactive", 406),
    "video Interactive": ("video", "Interactive", 406),
}


@check(DLNA, MODES)
def transfer_mode(server, kind, mode, status):
    """A transfer mode is served where it fits the kind, else 406."""
    equal(Media(server, kind).get_with({MODE: mode}).status, status)


@check(DLNA, {name: case for name, case in MODES.items() if case[2] == 200})
def transfer_mode_is_told(server, kind, mode, _status):
    """The answer names the mode that was asked for."""
    equal(Media(server, kind).get_with({MODE: mode}).header(MODE), mode)


USUAL = {"audio": "Streaming", "video": "Streaming", "image": "Interactive"}


@check(DLNA, {kind: (kind, mode) for kind, mode in USUAL.items()})
def usual_mode(server, kind, mode):
    """Unasked, the mode is Streaming for audio and video, Interactive for images."""
    equal(Media(server, kind).get().header(MODE), mode)


@check(DLNA, KINDS)
def mode_of_head(server, kind):
    """HEAD is answered with the mode too."""
    mode = USUAL[kind]
    equal(Media(server, kind).get_with({MODE: mode}, "HEAD").header(MODE), mode)


@check(DLNA)
def unknown_mode(server):
    """A mode that does not exist is 400 or 406."""
    status = Media(server, "audio").get_with({MODE: "Teleport"}).status
    among(status, (400, 406), "status")


SEEK = "TimeSeekRange.dlna.org"


TOLD = re.compile(r"npt=[\d:.]+-[\d:.]+/[\d:.]+ bytes=(\d+)-(\d+)/(\d+)")


def seekable(server: Subject, kind: str) -> Media:
    """Return a file whose OP says how it is sought."""
    media = Media(server, kind)
    if "DLNA.ORG_OP=" not in features(media):
        raise NotOffered("nothing is said of seeking")
    return media


@check("DLNA guidelines 7.4.40; reference dlna-media.md section 3", ("audio", "video"))
def time_seek_as_offered(server, kind):
    """TimeSeekRange is served where it is offered, else 406."""
    media = seekable(server, kind)
    answer = media.get_with({SEEK: "npt=1.0-"})
    if "DLNA.ORG_OP=1" not in features(media):
        equal(answer.status, 406)
        return
    among(answer.status, (200, 206), "status")
    told = TOLD.fullmatch(answer.header(SEEK))
    true(told is not None, f"{SEEK} tells times and bytes: {answer.header(SEEK)!r}")
    if told is not None:
        equal(answer.header("Content-Length"), str(int(told[2]) - int(told[1]) + 1))


@check("reference dlna-media.md section 2 (Range wins)")
def range_and_time_seek(server):
    """Range and TimeSeekRange together: the Range is served."""
    media = seekable(server, "video")
    response = media.get_with({SEEK: "npt=1.0-", "Range": "bytes=0-9"})
    equal(response.status, 206)


@check("reference dlna-media.md section 3", ("npt=", "bytes=0-", "npt=9-5", "soon"))
def bad_time_seek(server, value):
    """A TimeSeekRange that is none is 400 or 406."""
    media = seekable(server, "video")
    among(media.get_with({SEEK: value}).status, (400, 406), "status")


SPEED = "PlaySpeed.dlna.org"


@check("reference dlna-media.md section 2")
def normal_speed(server):
    """PlaySpeed 1 is served."""
    equal(Media(server, "video").get_with({SPEED: "speed=1"}).status, 200)


@check("reference dlna-media.md section 2", ("speed=2", "speed=-1", "speed=1/2"))
def other_speed(server, value):
    """Another speed is 406."""
    equal(Media(server, "video").get_with({SPEED: value}).status, 406)


REAL_TIME = "realTimeInfo.dlna.org"


@check("reference dlna-media.md section 2")
def real_time_info(server):
    """realTimeInfo with TLAG=* is served."""
    media = Media(server, "video")
    equal(media.get_with({REAL_TIME: "DLNA.ORG_TLAG=*"}).status, 200)


@check("reference dlna-media.md section 2")
def real_time_info_is_answered(server):
    """realTimeInfo is answered by realTimeInfo: no limit."""
    media = Media(server, "video")
    response = media.get_with({REAL_TIME: "DLNA.ORG_TLAG=*"})
    if not response.has(REAL_TIME):
        raise NotOffered("no realTimeInfo")
    equal(response.header(REAL_TIME), "DLNA.ORG_TLAG=*")


@check("reference dlna-media.md section 2")
def real_time_info_of_images(server):
    """realTimeInfo with an Interactive transfer is 400 (or passed over)."""
    headers = {REAL_TIME: "DLNA.ORG_TLAG=*", MODE: "Interactive"}
    among(Media(server, "image").get_with(headers).status, (200, 400), "status")


AVAILABLE = "getAvailableSeekRange.dlna.org"


@check("reference dlna-media.md section 2")
def available_seek_range(server):
    """getAvailableSeekRange: 1 is served, or refused with 406."""
    among(
        Media(server, "video").get_with({AVAILABLE: "1"}).status, (200, 406), "status"
    )


@check("reference dlna-media.md section 2")
def wrong_available_seek_range(server):
    """getAvailableSeekRange with another value than 1 is 400."""
    equal(Media(server, "video").get_with({AVAILABLE: "2"}).status, 400)


# What TVs and players send besides --------------------------------------------------

# Values of no device that a server may know: it would take us for that one then.
EXTRA = {
    "peerManager.dlna.org": "0",
    "scid.dlna.org": "1234",
    "friendlyName.dlna.org": "NewBox",
    "X-AV-Client-Info": 'av=5.0; cn="New Corporation"; mn="XY-40"; mv="1"',
    "X-AV-Physical-Unit-Info": 'pa="XY-40EX503"',
    "X-PANASONIC-DMP-Profile": "MPEG4",
    "uctt.upnp.org": "1",
    "Icy-MetaData": "1",
    "ChunkEncodingMode.dlna.org": "x",
    "maxSP.dlna.org": "1",
    "getMediaInfo.sec": "1",
    "getCaptionInfo.sec": "1",
    "Accept-Encoding": "identity;q=1, *;q=0",
    "Accept": "*/*",
    "If-Range": '"nothing"',
}


@check("reference dlna-media.md section 2", {n: (n, v) for n, v in EXTRA.items()})
def other_headers(server, name, value):
    """Headers of TVs and players that are not known do not matter."""
    media = Media(server, "video")
    response = media.get_with({name: value})
    equal(response.status, 200)
    true(response.body == media.data, "other bytes")


@check("reference devices.md (Samsung: getMediaInfo.sec)")
def samsung_media_info(server):
    """Samsung's getMediaInfo brings the duration in milliseconds."""
    response = Media(server, "video").get_with({"getMediaInfo.sec": "1"})
    header = response.header("MediaInfo.sec")
    if not header:
        raise NotOffered("no MediaInfo.sec")
    found = re.fullmatch(r"SEC_Duration=([0-9]+);?", header)
    true(found and abs(int(found[1]) - 2000) < 400, f"MediaInfo.sec: {header}")


@check(DLNA, KINDS)
def every_file_has_its_features(server, kind):
    """The content features of every file are those of its res."""
    wrong = []
    for node in server.tree.items_of(f"object.item.{kind}Item")[:40]:
        resource = node.resources[0]
        response = server.request("HEAD", path_of(resource), {GET_FEATURES: "1"})
        if response.header(FEATURES) != ":".join(fields(resource)[3:]):
            wrong.append((node.title, response.header(FEATURES)))
    none(wrong, "content features")
