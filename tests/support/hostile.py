"""Files as a bad download would leave them in a media folder."""

import struct
from pathlib import Path

# Addresses that exist only in documents: whoever follows them leaves home.
FAR_IPV4, FAR_IPV6 = "192.0.2.66", "2001:db8::66"
FAR = f"http://{FAR_IPV4}:8080"

_PLAYLIST = (
    f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{FAR}/a.ts\n"
    f"#EXTINF:9,\nhttp://[{FAR_IPV6}]/b.ts\n#EXTINF:9,\n../../../../etc/passwd\n"
    "#EXT-X-ENDLIST\n"
)
_DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    f"<BaseURL>{FAR}/</BaseURL><Period><AdaptationSet><Representation id='1'>"
    f"<BaseURL>{FAR}/v.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
_SMOOTH = (
    f'<smil xmlns="http://www.w3.org/2001/SMIL20/Language"><head><meta base="{FAR}/"/>'
    f'</head><body><switch><video src="{FAR}/v.ismv"/></switch></body></smil>'
)
_ENTITY = (
    f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{FAR}/x.xml">]>'
    "<movie><title>&x;</title></movie>"
)
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink">'
    f'<image xlink:href="{FAR}/a.png" width="9" height="9"/></svg>'
)
_CONCAT = f"ffconcat version 1.0\nfile '{FAR}/a.ts'\n"
_SDP = f"v=0\no=- 0 0 IN IP4 {FAR_IPV4}\nc=IN IP4 {FAR_IPV4}\nm=video 5004 RTP/AVP 96\n"


def _box(name: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", 8 + len(body), name) + body


def _reference_movie() -> bytes:
    """Return a QuickTime file whose film is said to be elsewhere."""
    url = f"{FAR}/film.mov\0".encode()
    reference = _box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(url)), url)
    return _box(b"ftyp", b"qt  ", bytes(4)) + _box(
        b"moov", _box(b"rmra", _box(b"rmda", reference))
    )


def make_hostile_files(folder: Path) -> list[Path]:
    """Write them all under names that a scanner reads as media."""
    folder.mkdir(parents=True)
    texts = {
        "list": _PLAYLIST,
        "dash": _DASH,
        "smooth": _SMOOTH,
        "entity": _ENTITY,
        "concat": _CONCAT,
        "session": _SDP,
    }
    written = {
        f"{name}{suffix}": text.encode()
        for name, text in texts.items()
        for suffix in (".mp3", ".mp4", ".mkv", ".jpg", ".ts")
    } | {
        "playlist.m3u": _PLAYLIST.encode(),
        "playlist.m3u8": _PLAYLIST.encode(),
        "stream.mpd": _DASH.encode(),
        "stream.ism": _SMOOTH.encode(),
        "film.strm": f"{FAR}/film.mkv\n".encode(),
        "film.nfo": _ENTITY.encode(),
        "drawing.svg": _SVG.encode(),
        "drawing.png": _SVG.encode(),
        "reference.mov": _reference_movie(),
        "reference.mp4": _reference_movie(),
        "radio.pls": f"[playlist]\nFile1={FAR}/r.mp3\nNumberOfEntries=1\n".encode(),
    }
    for name, content in written.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in written]
