"""The devices of this machine that code films: those of a Raspberry Pi up to the 4."""

import os
from pathlib import Path
from typing import Final

BY_DEVICE: Final = "h264_v4l2m2m"  # ffmpeg's encoder that works with them
# Decoder, encoder, and what else belongs to them.
_DEVICES: Final = tuple(Path(f"/dev/video{number}") for number in (10, 11, 12, 18))


def video_devices() -> list[Path]:
    """Return those that are there and can be used."""
    return [device for device in _DEVICES if os.access(device, os.R_OK | os.W_OK)]
