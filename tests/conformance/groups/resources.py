"""<res>: attributes, protocolInfo, and that each of them tells the truth.

Source: ContentDirectory:1 appendix B.1; DLNA guidelines; dlna-media.md.
"""

import re
from urllib.parse import urlsplit

from lxml import etree

from conformance.checks import Failed, Group, NotOffered, equal, none, true
from conformance.library import facts_of_household
from conformance.subject import Subject
from conformance.tree import DLNA, UPNP, Node, derived

check = Group("Resources")
CD = "ContentDirectory:1 appendix B.1 (res)"
DLNA_PI = "DLNA guidelines 7.3 (protocolInfo); reference dlna-media.md section 1"
KINDS = ("audio", "video", "image")
Res = etree._Element


def items(server: Subject, kind: str) -> list[Node]:
    found = server.tree.items_of(f"object.item.{kind}Item")
    true(found, f"no {kind} items")
    return found


def originals(server: Subject, kind: str) -> list[Res]:
    """Return the first res of every item of the kind."""
    return [node.resources[0] for node in items(server, kind) if node.resources]


def every(server: Subject) -> list[Res]:
    """Return every res of every item."""
    return [resource for node in server.tree.items for resource in node.resources]


def fields(resource: Res) -> list[str]:
    return resource.get("protocolInfo", "").split(":")


def parameters(resource: Res) -> dict[str, str]:
    """Return the 4th field's parameters."""
    fourth = ":".join(fields(resource)[3:])
    pairs = (part.partition("=") for part in fourth.split(";") if part != "*")
    return {name: value for name, _, value in pairs}


def path_of(resource: Res) -> str:
    parts = urlsplit(resource.text or "")
    return parts.path + (f"?{parts.query}" if parts.query else "")


@check(f"{CD}; reference control-points.md (Kodi, VLC drop them)", KINDS)
def every_item_has_one(server, kind):
    """Every item has at least one res."""
    none([node.id for node in items(server, kind) if not node.resources], "no res")


@check(f"{CD}; reference control-points.md (VLC crashes)")
def protocol_info_is_there(server):
    """Every res has protocolInfo."""
    none([r.text for r in every(server) if not r.get("protocolInfo")], "none")


@check(DLNA_PI)
def four_fields(server):
    """protocolInfo has four fields: http-get:*:MIME:additional."""
    wrong = [
        r.get("protocolInfo")
        for r in every(server)
        if len(fields(r)) != 4 or fields(r)[:2] != ["http-get", "*"] or not fields(r)[3]
    ]
    none(wrong, "protocolInfo")


@check(DLNA_PI)
def protocol_info_is_short(server):
    """protocolInfo has at most 256 bytes."""
    none([r for r in every(server) if len(r.get("protocolInfo", "")) > 256], "long")


@check(DLNA_PI, KINDS)
def mime_names(server, kind):
    """The third field is a MIME name that fits the class."""
    names = {fields(r)[2] for r in originals(server, kind)}
    pattern = rf"({kind}|application)/[A-Za-z0-9.+-]+(;[A-Za-z0-9=;.-]+)?"
    none([name for name in names if not re.fullmatch(pattern, name)], "MIME")


@check("ConnectionManager:1 section 2.2.1; reference connection-manager.md", KINDS)
def mime_is_announced(server, kind):
    """Every MIME name is in the Source of GetProtocolInfo."""
    sources = {entry.split(":")[2] for entry in server.source_protocols}
    names = {fields(r)[2] for r in originals(server, kind)}
    none(sorted(names - sources), "not in Source")


@check(f"{CD}; reference description.md section 1")
def url_is_on_this_server(server):
    """Every URL is absolute, on the address and port that were asked."""
    start = f"http://{server.host_header}/"
    none([r.text for r in every(server) if not (r.text or "").startswith(start)], "URL")


@check("reference description.md section 7 (renderers decide by it)", KINDS)
def url_ends_with_an_extension(server, kind):
    """The URL's path ends with a file name extension."""
    paths = [urlsplit(r.text or "").path for r in originals(server, kind)]
    none([p for p in paths if not re.search(r"\.[A-Za-z0-9]{1,5}$", p)], "path")


@check("reference control-points.md (Kodi: 1024)")
def url_is_short(server):
    """No URL is longer than 1024 characters."""
    none([r.text for r in every(server) if len(r.text or "") > 1024], "URL")


@check(CD, KINDS)
def size_is_told(server, kind):
    """Every stored file's res tells its size: some TVs do not seek without."""
    none([r.text for r in originals(server, kind) if not r.get("size")], "no size")


@check(CD, KINDS)
def size_is_right(server, kind):
    """size is that of a file in the folder."""
    sizes = {int(r.get("size", "0")) for r in originals(server, kind)}
    known = {p.stat().st_size for p in server.folder.path.rglob("*") if p.is_file()}
    none(sorted(sizes - known), "size")


@check(CD, ("audio", "video"))
def duration_is_told(server, kind):
    """Audio and video have a duration."""
    none([r.text for r in originals(server, kind) if not r.get("duration")], "none")


@check(CD, ("audio", "video"))
def duration_format(server, kind):
    """duration is H:MM:SS with up to three digits of a second."""
    found = {r.get("duration") for r in originals(server, kind)} - {None}
    pattern = r"\d+:[0-5]\d:[0-5]\d(\.\d+|\.\d+/\d+)?"
    none([d for d in found if not re.fullmatch(pattern, d or "")], "duration")


@check("reference content-directory.md section 6 (Xbox 360)", ("audio", "video"))
def duration_has_milliseconds(server, kind):
    """duration has three digits after the point, as the Xbox 360 needs."""
    found = {r.get("duration") for r in originals(server, kind)} - {None}
    none([d for d in found if not re.search(r"\.\d{3}$", d or "")], "duration")


@check(CD, ("audio", "video", "image"))
def resolution_format(server, kind):
    """resolution is WIDTHxHEIGHT."""
    found = {r.get("resolution") for r in originals(server, kind)} - {None}
    if kind == "audio":
        equal(found, set(), "resolution of audio")
    else:
        true(found, "none told")
        none([r for r in found if not re.fullmatch(r"\d+x\d+", r or "")], "resolution")


@check(CD, ("bitrate", "sampleFrequency", "nrAudioChannels", "bitsPerSample"))
def numbers(server, name):
    """Numbers are whole and above 0."""
    found = {r.get(name) for r in every(server)} - {None}
    if not found:
        raise NotOffered(f"{name} is never told")
    none([v for v in found if not re.fullmatch("[1-9][0-9]*", v or "")], name)


@check(
    "ContentDirectory:1 appendix B.1 (bitrate: bytes per second)", ("audio", "video")
)
def bitrate_is_in_bytes(server, kind):
    """bitrate is in bytes per second: about size / duration."""
    wrong = []
    for resource in originals(server, kind):
        if resource.get("bitrate") and resource.get("duration"):
            seconds = seconds_of(resource.get("duration", ""))
            average = int(resource.get("size", "0")) / max(seconds, 0.1)
            ratio = int(resource.get("bitrate", "0")) / max(average, 1)
            if not 0.2 < ratio < 3:
                wrong.append((resource.text, resource.get("bitrate"), round(average)))
    none(wrong, "bitrate against size / duration")


def seconds_of(duration: str) -> float:
    hours, minutes, seconds = duration.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


_FACTS = {
    f"{file} {what}": (file, what, value)
    for file, what, value in facts_of_household()
    if what == "seconds" or what.startswith("res@")
}


@check(f"{CD}; the files themselves", _FACTS)
def tells_the_truth(server, file, what, value):
    """Duration, resolution, sample rate and channels are those of the file."""
    size = server.folder.named(file).size
    found = [n for n in server.tree.items if n.size == size]
    if not found:
        raise Failed("the file is not listed")
    resource = found[0].resources[0]
    if what == "seconds":
        told = seconds_of(resource.get("duration", "0:00:00"))
        true(abs(told - float(value)) < 0.4, f"duration {resource.get('duration')}")
    else:
        equal(resource.get(what.removeprefix("res@")), value, what)


# The 4th field ------------------------------------------------------------


def with_parameters(server: Subject, name: str) -> list[Res]:
    found = [r for r in every(server) if name in parameters(r)]
    if not found:
        raise NotOffered(f"no {name}")
    return found


ORDER = (
    *("DLNA.ORG_PN", "DLNA.ORG_OP", "DLNA.ORG_PS", "DLNA.ORG_CI", "DLNA.ORG_FLAGS"),
)


@check(DLNA_PI)
def parameter_order(server):
    """PN, OP, PS, CI and FLAGS stand in this order, each once."""
    for resource in every(server):
        names = [n for n in parameters(resource) if n in ORDER]
        equal(names, sorted(names, key=ORDER.index), resource.get("protocolInfo", ""))


@check(DLNA_PI)
def no_blanks(server):
    """protocolInfo has no blanks."""
    wrong = [r.get("protocolInfo") for r in every(server)]
    none([w for w in wrong if " " in (w or "")], "blank")


@check(DLNA_PI)
def operations(server):
    """OP is two digits of 0 and 1."""
    found = {
        parameters(r)["DLNA.ORG_OP"] for r in with_parameters(server, "DLNA.ORG_OP")
    }
    none([v for v in found if not re.fullmatch("[01]{2}", v)], "OP")


@check(DLNA_PI)
def conversion(server):
    """CI is 0 or 1, and 0 for a file as it is."""
    found = with_parameters(server, "DLNA.ORG_CI")
    none([r for r in found if parameters(r)["DLNA.ORG_CI"] not in ("0", "1")], "CI")
    firsts = [n.resources[0] for n in server.tree.items if n.resources]
    wrong = [r.text for r in firsts if parameters(r).get("DLNA.ORG_CI", "0") != "0"]
    none(wrong, "CI of a file")


@check(DLNA_PI)
def flags_format(server):
    """FLAGS are 8 hexadecimal digits and 24 zeros."""
    found = {
        parameters(r)["DLNA.ORG_FLAGS"]
        for r in with_parameters(server, "DLNA.ORG_FLAGS")
    }
    none([v for v in found if not re.fullmatch("[0-9A-Fa-f]{8}0{24}", v)], "FLAGS")


def flags(resource: Res) -> int:
    return int(parameters(resource).get("DLNA.ORG_FLAGS", "0" * 32)[:8], 16)


STREAMING, INTERACTIVE, BACKGROUND, STALLING, V15 = (
    *(1 << 24, 1 << 23, 1 << 22, 1 << 21, 1 << 20),
)
MODES = {
    "audio streams": ("audio", STREAMING, STREAMING),
    "video streams": ("video", STREAMING, STREAMING),
    "images do not stream": ("image", STREAMING, 0),
    "images are interactive": ("image", INTERACTIVE, INTERACTIVE),
    "audio is not interactive": ("audio", INTERACTIVE, 0),
    "video is not interactive": ("video", INTERACTIVE, 0),
    "audio in the background": ("audio", BACKGROUND, BACKGROUND),
    "video in the background": ("video", BACKGROUND, BACKGROUND),
    "images in the background": ("image", BACKGROUND, BACKGROUND),
    "audio is DLNA 1.5": ("audio", V15, V15),
    "video is DLNA 1.5": ("video", V15, V15),
    "images are DLNA 1.5": ("image", V15, V15),
}


@check(DLNA_PI, MODES)
def flag_bits(server, kind, bit, expected):
    """The flags of stored files tell the transfer modes of their kind."""
    found = [r for r in originals(server, kind) if "DLNA.ORG_FLAGS" in parameters(r)]
    if not found:
        raise NotOffered("no FLAGS")
    none([r.get("protocolInfo") for r in found if flags(r) & bit != expected], "flag")


@check(DLNA_PI, KINDS)
def byte_seek(server, kind):
    """Stored files say that byte ranges work (OP=01 or 11)."""
    found = [r for r in originals(server, kind) if "DLNA.ORG_OP" in parameters(r)]
    if not found:
        raise NotOffered("no OP")
    wrong = [
        r.get("protocolInfo") for r in found if parameters(r)["DLNA.ORG_OP"][1] != "1"
    ]
    none(wrong, "OP")


PROFILES = re.compile(
    r"JPEG_(TN|SM|MED|LRG|SM_ICO|LRG_ICO|RES_\d+_\d+)|PNG_(TN|SM_ICO|LRG_ICO|LRG)"
    r"|GIF_LRG|LPCM(_low)?|MP3X?|(HE)?AAC(v2)?_\w+|E?AC3|WMA(BASE|FULL|PRO|LSL)\w*"
    r"|AMR_\w+|FLAC|MPEG1|MPEG_(PS|TS|ES)_\w+|MPEG4_P2_\w+|AVC_(MP4|TS|MKV|3GPP)_\w+"
    r"|WMV\w+|VC1_\w+|HEVC_\w+|MATROSKA|AVI"
)


@check(DLNA_PI)
def profile_names(server):
    """PN is a profile that DLNA knows."""
    found = {
        parameters(r)["DLNA.ORG_PN"] for r in with_parameters(server, "DLNA.ORG_PN")
    }
    none([v for v in found if not PROFILES.fullmatch(v)], "PN")


EXPECTED_PROFILES = {
    "mp3": ("02 - Ember.mp3", "MP3"),
    "small JPEG": ("Beach.jpg", "JPEG_SM"),
    "small PNG": ("Chart.png", "PNG_LRG"),
    "GIF": ("Wave.gif", "GIF_LRG"),
    "AAC in MP4": ("02 - Anvil.m4a", "AAC_ISO_320"),
}


@check("reference dlna-media.md sections 4 and 5", EXPECTED_PROFILES)
def profile_fits(server, file, expected):
    """A file that fits a profile is given that, or none."""
    size = server.folder.named(file).size
    found = [n for n in server.tree.items if n.size == size]
    if not found:
        raise NotOffered("the file is not listed")
    name = parameters(found[0].resources[0]).get("DLNA.ORG_PN")
    if name is None:
        raise NotOffered("no PN")
    equal(name, expected)


@check("reference dlna-media.md section 4 (progressive JPEG)")
def no_wrong_profile(server):
    """A progressive JPEG is given no JPEG profile: many TVs show nothing."""
    size = server.folder.named("Dunes.jpg").size
    found = [n for n in server.tree.items if n.size == size]
    if not found:
        raise NotOffered("the file is not listed")
    equal(parameters(found[0].resources[0]).get("DLNA.ORG_PN"), None, "PN")


# Art ------------------------------------------------------------


@check("ContentDirectory:1 appendix B (albumArtURI)")
def album_art(server):
    """albumArtURI, where it stands, is a picture that can be fetched."""
    found = [v for n in server.tree.nodes for v in n.values("upnp:albumArtURI")]
    if not found:
        raise NotOffered("no albumArtURI")
    for url in sorted(set(found))[:10]:
        parts = urlsplit(url)
        response = server.get(parts.path + (f"?{parts.query}" if parts.query else ""))
        equal(response.status, 200, url)
        true(response.header("Content-Type").startswith("image/"), url)


@check("DLNA guidelines 7.3.60 (albumArtURI profileID)")
def album_art_profile(server):
    """albumArtURI tells its DLNA profile."""
    found = [
        child.get(f"{{{DLNA}}}profileID")
        for n in server.tree.items
        for child in n.element.iterfind(f"{{{UPNP}}}albumArtURI")
    ]
    if not found:
        raise NotOffered("no albumArtURI")
    none([p for p in found if p not in ("JPEG_TN", "JPEG_SM", "PNG_TN")], "profileID")


@check("reference devices.md section 7")
def originals_first(server):
    """The first res of an item is of the item's own kind."""
    wrong = []
    for node in server.tree.items:
        for kind in KINDS:
            if derived(node.upnp_class, f"object.item.{kind}Item"):
                mime = fields(node.resources[0])[2]
                if mime.startswith(
                    ("audio/", "video/", "image/")
                ) and not mime.startswith(kind):
                    wrong.append((node.id, mime))
    none(wrong, "another kind first")
