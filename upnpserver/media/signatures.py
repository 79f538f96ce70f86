"""What a file really is, by its first bytes; its name is only a hint.

Text is refused here, whatever its name: playlists and manifests (HLS, DASH,
SMIL) name other files and hosts, and libmediainfo would follow them. Nothing
reaches libmediainfo that did not match one of the binary signatures below.

Source: each format's own specification; reference security.md, "The
libmediainfo trap".
"""

import re
from typing import Final

from upnpserver.errors import ProbeError

HEAD_BYTES: Final = 4096  # what recognise() wants to see

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "jpeg2000"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "asf"),
    (0, b"FLV\x01", "flv"),
    (0, b"\0\0\x01\xba", "mpegps"),
    (0, b"\0\0\x01\xb3", "mpegvideo"),
    (0, b"MAC ", "ape"),
    (0, b"wvpk", "wavpack"),
    (0, b"MPCK", "musepack"),
    (0, b"MP+", "musepack"),
    (0, b"TTA1", "tta"),
    (0, b"TTA2", "tta"),
    (0, b"DSD \x1c\0\0\0\0\0\0\0", "dsf"),
    (0, b"FRM8", "dff"),
    (0, b".snd", "au"),
    (0, b"caff", "caf"),
    (0, b"#!AMR", "amr"),
    (0, b"tBaK", "tak"),
    (0, b"OFR ", "ofr"),
    (0, b"ADIF", "adif"),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0", "wave64"),
    (0, b".RMF", "realmedia"),
    (0, b"MThd", "midi"),
    (0, b"\x0b\x77", "ac3"),
    (0, b"\x7f\xfe\x80\x01", "dts"),
    (0, b"\xfe\x7f\x01\x80", "dts"),
    (0, b"\x1f\xff\xe8\x00", "dts"),
    (0, b"\xff\x1f\x00\xe8", "dts"),
    (0, b"DTSHDHDR", "dts"),
    (4, b"\xf8\x72\x6f\xba", "truehd"),
    (4, b"\xf8\x72\x6f\xbb", "truehd"),  # MLP, from which it came
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", "mxf"),
    (0, b"\x1f\x07\x00\x3f", "dv"),
    (0, b"\x1f\x07\x00\xbf", "dv"),
    (0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d", "wtv"),
)
# All of them in one look: one by one they were a tenth of reading an MP3.
_MAGIC_AT_START = re.compile(
    b"|".join(b"(" + b"." * at + re.escape(magic) + b")" for at, magic, _ in _MAGIC),
    re.DOTALL,
)
_RIFF = {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}
_BRANDS = {
    b"avif": "avif",
    b"avis": "avif",
    b"heic": "heic",
    b"heix": "heic",
    b"heim": "heic",
    b"heis": "heic",
    b"hevc": "heic",
    b"hevx": "heic",
    b"mif1": "heic",
    b"msf1": "heic",
    b"qt  ": "quicktime",
}
# Top boxes of QuickTime films made before there was an ftyp.
_OLD_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}

# Containers whose first frame can be anywhere after leading rubbish: for these
# alone a name is believed.
_BELIEVED = {
    "mp3": "mp3",
    "mp2": "mp3",
    "mpa": "mp3",
    "mp1": "mp3",
    "mpc": "musepack",  # before its version 7 it had no mark
    "aac": "adts",
    "ac3": "ac3",
    "eac3": "ac3",
    "ec3": "ac3",
    "dts": "dts",
    "ts": "mpegts",
    "m2ts": "mpegts",
    "mts": "mpegts",
    "m2t": "mpegts",
    "tp": "mpegts",
    "trp": "mpegts",
    "mpg": "mpegps",
    "mpeg": "mpegps",
    "vob": "mpegps",
    "m2v": "mpegvideo",
    "m1v": "mpegvideo",
    "jxl": "jxl",  # its mark without a box is two bytes
}

_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TEXT_STARTS = re.compile(
    rb"\s*(?:<[?!a-z]|#ext|ffconcat|v=0\r?\n|\[[a-z]|\{|webvtt|@?rtsp|https?:|file:)",
    re.IGNORECASE,
)
_TEXT_KINDS = (
    (re.compile(rb"\s*(?:<!doctype html|<html|<head|<body)"), "a web page"),
    (re.compile(rb"\s*(?:#ext|\[playlist|ffconcat|<mpd|<smil|<asx)"), "a playlist"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TEXT_LOOK = 512

# MPEG audio bit rates in kb/s: rows are (MPEG-1 layer 1, 2, 3, MPEG-2 layer 1,
# MPEG-2 layers 2 and 3). Source: ISO/IEC 11172-3 2.4.2.3, 13818-3 2.4.2.3.
_MPEG_RATES = (
    (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_MPEG_HZ = (44100, 48000, 32000)


def recognise(head: bytes, extension: str) -> str:
    """Return the container's word (see dlna/mimes.py) of a file's first bytes.

    head: at least HEAD_BYTES, less only if the file is shorter; an ID3v2 tag
    before it is skipped by the caller. extension: lower case, without the dot.

    Raises ProbeError for text and for what is no known media.
    """
    if known := _MAGIC_AT_START.match(head):
        return _refined(_MAGIC[(known.lastindex or 1) - 1][2], head)
    found = _chunked(head) or _iso_media(head) or _framed(head)
    if found:
        return found
    if _is_text(head):
        raise ProbeError(_text_reason(head))
    if extension in _BELIEVED:
        return _BELIEVED[extension]
    raise ProbeError("its content is no known media format")


def id3_bytes(head: bytes) -> int:
    """Return the length of the ID3v2 tag that head starts with, 0 if none.

    Source: ID3v2.4.0 structure, section 3.1.
    """
    if head[:3] != b"ID3" or len(head) < 10 or any(byte > 127 for byte in head[6:10]):
        return 0
    length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = 10 if head[5] & 0x10 else 0
    return 10 + length + footer


def transport_packets(head: bytes) -> tuple[int, int] | None:
    """Return (first sync byte's offset, packet size) of an MPEG-TS, or None.

    Packets are 188 bytes, 192 with a time stamp before each, 204 with a check
    sum after. Four sync bytes in a row are needed.
    """
    offset = head.find(b"G", 0, 204)
    while offset >= 0:
        for size in (188, 192, 204):
            if head[offset : offset + 3 * size + 1 : size] == b"GGGG":
                return offset, size
        offset = head.find(b"G", offset + 1, 204)
    return None


def _refined(container: str, head: bytes) -> str:
    if container == "ac3" and len(head) > 5 and head[5] >> 3 > 10:
        return "eac3"  # bsid 11..16: ETSI TS 102 366 annex E
    return container


def _chunked(head: bytes) -> str:
    """Return the container of RIFF, IFF and EBML files, or ""."""
    if head[:4] in {b"RIFF", b"RF64", b"BW64"}:
        return _RIFF.get(head[8:12], "")
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        # The EBML header names the type within its first few elements.
        return "webm" if b"\x42\x82\x84webm" in head[:64] else "matroska"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    return ""


def _iso_media(head: bytes) -> str:
    """Return the container of an ISO base media file by its brand, or ""."""
    if head[4:8] in _OLD_QUICKTIME and len(head) > 16:
        return "quicktime"
    if head[4:8] != b"ftyp":
        return ""
    brand = head[8:12]
    if brand[:3] == b"3gp":
        return "3gpp"
    if brand[:3] == b"3g2":
        return "3gpp2"
    if brand in {b"mif1", b"msf1"} and b"avif" in head[16:64]:
        return "avif"  # it names its codec among the compatible brands only
    return _BRANDS.get(brand, "mp4")


def _framed(head: bytes) -> str:
    """Return the container of a stream that has frames only, or ""."""
    for length, container in ((_adts_bytes, "adts"), (_mpeg_bytes, "mp3")):
        first = length(head)
        if first and length(head[first : first + 8]):
            return container
    return "mpegts" if transport_packets(head) else ""


def _adts_bytes(frame: bytes) -> int:
    """Return the length of an ADTS frame, 0 if it is none (ISO/IEC 13818-7)."""
    if len(frame) < 7 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0:
        return 0
    length = (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5
    return length if length >= 7 and frame[2] >> 2 & 15 < 13 else 0


def _mpeg_bytes(frame: bytes) -> int:
    """Return the length of an MPEG audio frame, 0 if it is none (11172-3)."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return 0
    version, layer = frame[1] >> 3 & 3, 4 - (frame[1] >> 1 & 3)
    rate, hz, padding = frame[2] >> 4, frame[2] >> 2 & 3, frame[2] >> 1 & 1
    if version == 1 or layer == 4 or rate in {0, 15} or hz == 3:
        return 0
    mpeg1 = version == 3
    row = layer - 1 if mpeg1 else 3 + (layer > 1)
    bits_per_s = _MPEG_RATES[row][rate - 1] * 1000
    samples_per_s = _MPEG_HZ[hz] >> (0 if mpeg1 else 1 if version == 2 else 2)
    if layer == 1:
        return (12 * bits_per_s // samples_per_s + padding) * 4
    return (72 if layer == 3 and not mpeg1 else 144) * bits_per_s // (
        samples_per_s
    ) + padding


def _text_reason(head: bytes) -> str:
    """Return what a person can make of a text that has the name of media."""
    # UTF-16 too, near enough: a start is all that counts.
    start = head[:_TEXT_LOOK].replace(b"\0", b"").lower()
    for mark in _TEXT_MARKS:
        start = start.removeprefix(mark)
    for pattern, what in _TEXT_KINDS:
        if pattern.match(start):
            return f"it is {what}, not media"
    return "it is a text, not media"


def _is_text(head: bytes) -> bool:
    look = head[:_TEXT_LOOK]
    if look.startswith(_TEXT_MARKS) or _TEXT_STARTS.match(look):
        return True
    # The look may end within a character of up to four bytes.
    tail = len(look) - 4 if len(look) == _TEXT_LOOK else len(look)
    try:
        look[:tail].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < tail - 3:
            return False
    return not _CONTROL.search(look)
