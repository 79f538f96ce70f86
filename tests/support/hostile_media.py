"""Files that a careless or malicious person could put into a media folder.

Made at test time, small on disk. ADDRESS exists only in documents (RFC 5737);
whoever follows a reference in one of these files sends a packet there.
"""

import os
import struct
import zlib
from pathlib import Path

ADDRESS = "203.0.113.77"
FORMATS = Path(__file__).parents[2] / "fixtures" / "media" / "formats"

HLS = f"""#EXTM3U
#EXT-X-TARGETDURATION:10
#EXTINF:10,
http://{ADDRESS}/one.ts
#EXTINF:10,
../../../../../../etc/passwd
#EXT-X-ENDLIST
"""
DASH = f"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"
 mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="1" bandwidth="1000" width="64" height="64">
<BaseURL>http://{ADDRESS}/v.mp4</BaseURL></Representation></AdaptationSet>
</Period></MPD>
"""
SMOOTH = f"""<?xml version="1.0"?>
<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="100000000">
<StreamIndex Type="video" Url="http://{ADDRESS}/q({{bitrate}})/f({{start time}})">
<QualityLevel Bitrate="1000" FourCC="H264"/></StreamIndex></SmoothStreamingMedia>
"""
SMIL = f"""<smil><body><video src="http://{ADDRESS}/v.mp4"/></body></smil>"""
CONCAT = f"ffconcat version 1.0\nfile http://{ADDRESS}/v.mp4\nfile /etc/passwd\n"
SDP = f"v=0\no=- 0 0 IN IP4 {ADDRESS}\nc=IN IP4 {ADDRESS}\nm=video 5004 RTP/AVP 96\n"
PLAYLIST = f"[playlist]\nFile1=http://{ADDRESS}/a.mp3\nNumberOfEntries=1\n"

TEXTS = {
    "song.mp3": HLS,
    "indented.mp4": "\n\n  " + HLS,
    "marked.mkv": "\ufeff" + HLS,
    "film.mp4": DASH,
    "film.ts": HLS,
    "smooth.wmv": SMOOTH,
    "show.mpg": SMIL,
    "parts.avi": CONCAT,
    "call.mov": SDP,
    "radio.ogg": PLAYLIST,
    "empty_words.flac": "   \n\n",
}


def make_hostile(folder: Path) -> set[str]:
    """Fill folder; return the names of files that must become problems."""
    folder.mkdir(parents=True, exist_ok=True)
    bad: dict[str, bytes] = {name: text.encode() for name, text in TEXTS.items()}
    bad["wide.mp4"] = HLS.encode("utf-16")
    bad["wide.xml.mkv"] = DASH.encode("utf-16-be")
    bad["nothing.mp3"] = b""
    bad["one_byte.jpg"] = b"\xff"
    bad["zeros.mp4"] = bytes(100_000)
    bad["noise.mp3"] = b"\xff" * 100_000
    bad["huge.png"] = _png(2**31 - 1, 2**31 - 1)
    bad["bomb.png"] = _png(60_000, 60_000)
    bad["huge.gif"] = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
    bad["huge.webp"] = _webp(1 << 24, 1 << 24)
    bad["huge.bmp"] = _bmp(2**31 - 1, 2**31 - 1)
    bad["deep.mp4"] = _nested(b"moov", 4000)
    bad["no_end.mp4"] = struct.pack(">I4sI4sI", 8, b"free", 8, b"free", 0)
    bad["endless.ogg"] = b"OggS" + bytes(23) + b"\xff" + b"\xff" * 255 + bytes(1000)
    bad["half.flac"] = b"fLaC\x00\xff\xff\xff" + bytes(10)
    bad["half.dff"] = b"FRM8" + b"\xff" * 8 + b"DSD FVER" + b"\xff" * 8
    bad["tag_only.mp3"] = _id3(b"TIT2" + struct.pack(">IH", 0x7FFFFFFF, 0) + b"\0")
    bad["negative.wav"] = b"RIFF\xff\xff\xff\xffWAVEfmt \xf0\xff\xff\xff"
    aiff = (FORMATS / "aiff.aiff").read_bytes()
    tag = _compressed_frame()
    chunks = aiff[8:] + b"ID3 " + struct.pack(">I", len(tag)) + tag
    bad["bomb.aiff"] = b"FORM" + struct.pack(">I", len(chunks)) + chunks
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    sparse = {"huge.mkv": b"\x1a\x45\xdf\xa3", "huge.mpg": b"\0\0\x01\xba"}
    for name, magic in sparse.items():
        with (folder / name).open("wb") as file:
            file.write(magic)
            file.truncate(1 << 40)
    os.mkfifo(folder / "pipe.mp3")
    (folder / "link.mp3").symlink_to("/etc/passwd")
    _make_harmless(folder)
    return {*bad, *sparse, "pipe.mp3", "link.mp3"}


def _make_harmless(folder: Path) -> None:
    """Add files that look bad and have something real to tell."""
    film = (FORMATS / "h264.mov").read_bytes()
    (folder / "really_a_film.mp3").write_bytes(film)
    (folder / "refers.mov").write_bytes(_with_reference(film))
    (folder / "half.mkv").write_bytes((FORMATS / "vp9.webm").read_bytes()[:9000])
    song = (FORMATS / "vbr.mp3").read_bytes()
    (folder / "deep.mp3").write_bytes(_deep_chapters() + song)
    (folder / "bomb.mp3").write_bytes(_compressed_frame() + song)
    (folder / "really_a_song.jpg").write_bytes(song)


def _png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def _nested(name: bytes, depth: int) -> bytes:
    box = b""
    for _ in range(depth):
        box = struct.pack(">I4s", 8 + len(box), name) + box
    return struct.pack(">I4s4sI", 16, b"ftyp", b"M4A ", 0) + box


def _id3(frames: bytes) -> bytes:
    size = len(frames)
    digits = [size >> shift & 127 for shift in (21, 14, 7, 0)]
    return b"ID3\x03\0\0" + bytes(digits) + frames


def _compressed_frame() -> bytes:
    """Return a tag whose title unpacks to 384 MiB."""
    packer = zlib.compressobj(1)
    mebibyte = bytes(1 << 20)
    data = b"".join(packer.compress(mebibyte) for _ in range(384)) + packer.flush()
    frame = struct.pack(">IHI", 4 + len(data), 0x0080, 384 << 20) + data
    return _id3(b"TIT2" + frame)


def _deep_chapters() -> bytes:
    """Return a tag with chapters inside chapters, 2,000 deep."""
    inner = b""
    for _ in range(2000):
        content = b"c\0" + bytes(16) + inner
        inner = b"CHAP" + struct.pack(">IH", len(content), 0) + content
    return _id3(inner)


def _with_reference(film: bytes) -> bytes:
    """Return a QuickTime film whose track data lies "at" a foreign address."""
    url = f"http://{ADDRESS}/data.mov".encode() + b"\0"
    alias = struct.pack(">I4sI", 12 + len(url), b"url ", 0) + url
    movie = struct.pack(">I4s", 8 + len(alias), b"rdrf") + alias
    wrapped = struct.pack(">I4s", 8 + len(movie), b"rmda") + movie
    reference = struct.pack(">I4s", 8 + len(wrapped), b"rmra") + wrapped
    return film + reference
