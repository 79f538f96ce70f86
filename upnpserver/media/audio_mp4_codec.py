"""The codec of a sound track in an MP4 file, by its sample description.

Source: ISO/IEC 14496-12 section 12.2.3 (AudioSampleEntry), 14496-1 section 7.2.6
(ES_Descriptor), 14496-3 section 1.6.2.1 (AudioSpecificConfig); Apple's ALAC
magic cookie; ETSI TS 102 366 annex F (dac3).
"""

from dataclasses import dataclass, replace
from typing import Final

from upnpserver.media import names
from upnpserver.media.window import Window

_SAMPLE_RATES: Final = (
    *(96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000),
    *(12000, 11025, 8000, 7350),
)
_AAC_CHANNELS: Final = (0, 1, 2, 3, 4, 5, 6, 8)
_AC3_CHANNELS: Final = (2, 1, 2, 3, 3, 4, 4, 5)
_ENTRY_BYTES: Final = 1024
_MORE_BYTES: Final = {1: 16, 2: 36}  # of QuickTime's sound descriptions, by version
_ES, _DECODER, _SPECIFIC = 3, 4, 5  # tags of descriptors
_SBR, _PS = 5, 29  # audio object types: HE-AAC, HE-AAC v2


@dataclass(frozen=True, slots=True)
class Mp4Codec:
    """A sound track's codec, in the words of MediaFacts. 0: not told."""

    codec: str
    profile: str = ""
    sample_rate_hz: int = 0
    channels: int = 0
    bits_per_sample: int = 0
    bitrate_bps: int = 0


NO_CODEC: Final = Mp4Codec("")


def read_codec(window: Window, start: int, end: int) -> Mp4Codec:
    """Return the codec of a stsd box's first entry."""
    entry = window.get(start + 8, min(_ENTRY_BYTES, end - start - 8))
    if len(entry) < 36:
        return NO_CODEC
    name = entry[4:8].decode("latin-1")
    codec, profile = names.mp4_codec(name)
    found = Mp4Codec(
        codec,
        profile,
        sample_rate_hz=int.from_bytes(entry[32:34], "big"),
        channels=int.from_bytes(entry[24:26], "big"),
        bits_per_sample=int.from_bytes(entry[26:28], "big"),
    )
    version = int.from_bytes(entry[16:18], "big")
    details = entry[36 + _MORE_BYTES.get(version, 0) :]
    for box, read in ((b"esds", _aac), (b"alac", _alac), (b"dac3", _ac3)):
        at = details.find(box)
        if at >= 4:
            return read(found, details[at + 4 :])
    return found


def _aac(found: Mp4Codec, box: bytes) -> Mp4Codec:
    """Return the codec by an esds box, whose descriptors are nested."""
    data = _descriptor(box[4:], _ES)
    flags = data[2] if len(data) > 2 else 0
    skip = 3 + 2 * bool(flags & 0x80) + 2 * bool(flags & 0x20)
    decoder = _descriptor(data[skip:], _DECODER)
    if len(decoder) < 13:
        return found
    object_type = f"mp4a.{decoder[0]:x}"
    codec, profile = names.mp4_codec(object_type)
    found = replace(
        found,
        codec=codec,
        profile=profile,
        bitrate_bps=int.from_bytes(decoder[9:13], "big"),
    )
    specific = _descriptor(decoder[13:], _SPECIFIC)
    is_aac = decoder[0] == 0x40 and len(specific) >= 2
    return _aac_configured(found, specific) if is_aac else found


def _descriptor(data: bytes, tag: int) -> bytes:
    """Return the content of the descriptor that data begins with.

    Its length is in up to four bytes of seven bits; a length of more than
    there is stands in some files, so it is not believed.
    """
    if data[:1] != bytes([tag]):
        return b""
    at = 1
    while at < 4 and data[at : at + 1] >= b"\x80":
        at += 1
    return data[at + 1 :]


class _Bits:
    """Bits from the front of some bytes; zeros after their end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            return 0
        return self._value >> self._left & (1 << count) - 1

    def object_type(self) -> int:
        kind = self.take(5)
        return 32 + self.take(6) if kind == 31 else kind

    def sample_rate_hz(self) -> int:
        index = self.take(4)
        if index == 15:
            return self.take(24)
        return _SAMPLE_RATES[index] if index < len(_SAMPLE_RATES) else 0


def _aac_configured(found: Mp4Codec, specific: bytes) -> Mp4Codec:
    bits = _Bits(specific[:16])
    kind = extended = bits.object_type()
    sample_rate_hz, channels = bits.sample_rate_hz(), bits.take(4)
    if kind in {_SBR, _PS}:
        sample_rate_hz = bits.sample_rate_hz()
    elif specific[2:4] == b"\x56\xe5":
        # Announced behind what old decoders read: syncExtensionType 0x2b7, then 5
        # for SBR; behind a GASpecificConfig of three zero bits it is even bytes.
        tail = _Bits(specific[4:8])
        if tail.take(1):
            sample_rate_hz, extended = tail.sample_rate_hz(), _SBR
            if tail.take(11) == 0x548 and tail.take(1):
                extended = _PS
    _, profile = names.mp4_codec(f"mp4a.40.{extended}")
    told = _AAC_CHANNELS[channels] if channels < len(_AAC_CHANNELS) else 0
    if extended == _PS:
        told = 2
    return replace(
        found,
        profile=profile,
        sample_rate_hz=sample_rate_hz or found.sample_rate_hz,
        channels=told or found.channels,
    )


def _alac(found: Mp4Codec, box: bytes) -> Mp4Codec:
    """Return the codec by ALAC's cookie, right where the entry is not."""
    cookie = box[4:28]
    if len(cookie) < 24:
        return found
    return replace(
        found,
        bits_per_sample=cookie[5],
        channels=cookie[9],
        bitrate_bps=int.from_bytes(cookie[16:20], "big"),
        sample_rate_hz=int.from_bytes(cookie[20:24], "big"),
    )


def _ac3(found: Mp4Codec, box: bytes) -> Mp4Codec:
    bits = _Bits(box[:3])
    bits.take(10)
    return replace(found, channels=_AC3_CHANNELS[bits.take(3)] + bits.take(1))
