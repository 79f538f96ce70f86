"""Our profile names beside those that gupnp-dlna finds for the same files."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.make_media import FIXTURES

from upnpserver.dlna.profiles import profile_of
from upnpserver.media.probe import probe

PROGRAM = "gupnp-dlna-info"

pytestmark = pytest.mark.skipif(
    shutil.which(PROGRAM) is None or shutil.which("ffmpeg") is None,
    reason=f"needs {PROGRAM} and ffmpeg",
)

# cabac, 8x8dct: so that a fast encoder still writes what the profile is named for.
X264 = "-c:v libx264 -preset ultrafast -b:v 300k -maxrate 300k -bufsize 300k"
MAIN = f"{X264} -x264-params cabac=1:8x8dct=0 -profile:v main -level"
BASE = f"{X264} -profile:v baseline -level"
MPEG2 = "-c:v mpeg2video -b:v 2M -maxrate 4M -bufsize 1835k"
AAC = "-c:a aac -b:a 64k -ac 2"
AC3 = "-c:a ac3 -b:a 192k -ac 2"
PLAIN_MP3 = "-c:a libmp3lame -write_xing 0 -id3v2_version 0 -ac 2"

# File: the test picture's size and speed ("" for sound alone) and ffmpeg's options.
MADE = {
    "low.mp3": ("", f"{PLAIN_MP3} -b:a 64k -ar 22050"),
    "usual.mp3": ("", f"{PLAIN_MP3} -b:a 128k -ar 44100"),
    "usual.m4a": ("", AAC),
    "surround.m4a": ("", "-c:a aac -b:a 256k -ac 6"),
    "fast.m4a": ("", "-c:a aac -b:a 64k -ar 96000 -ac 2"),
    "usual.aac": ("", AAC),
    "surround.ac3": ("", "-c:a ac3 -b:a 448k -ac 6"),
    "usual.eac3": ("", "-c:a eac3 -b:a 192k -ac 2"),
    "layer2.mp2": ("", "-c:a mp2 -b:a 192k -ac 2"),
    "sd_fast.mp4": ("720x480@30", f"{BASE} 3.0 {AAC}"),
    "sd_30000.mp4": ("720x480@30000/1001", f"{BASE} 3.0 {AAC}"),
    "sd_vga.mp4": ("640x480@30", f"{BASE} 3.0 {AAC}"),
    "main_sd.mp4": ("720x576@25", f"{MAIN} 3.0 {AAC}"),
    "main_sd_ac3.mp4": ("720x576@25", f"{MAIN} 3.0 {AC3}"),
    "main_eac3.mp4": ("720x480@25", f"{MAIN} 3.0 -c:a eac3 -b:a 192k -ac 2"),
    "fast_eac3.mp4": ("352x288@30", f"{MAIN} 3.0 -c:a eac3 -b:a 192k -ac 2"),
    "main_720.mp4": ("1280x720@25", f"{MAIN} 3.1 {AAC}"),
    "main_720_60.mp4": ("1280x720@60", f"{MAIN} 4.0 {AAC}"),
    "simple_720.mp4": ("1280x720@30", f"-c:v mpeg4 -b:v 300k {AAC}"),
    "simple_vga.mp4": ("640x480@30", f"-c:v mpeg4 -b:v 300k {AAC}"),
    "pal.mpg": ("720x576@25", f"-f vob {MPEG2} {AC3}"),
    "pal_44.mpg": ("720x576@25", f"-f vob {MPEG2} -c:a mp2 -ar 44100 -ac 2"),
    "ntsc.mpg": ("720x480@30000/1001", f"-f vob {MPEG2} {AC3}"),
    "vga.mpg": ("640x480@30000/1001", f"-f vob {MPEG2} {AC3}"),
    "pal_480.mpg": ("720x480@25", f"-f vob {MPEG2} {AC3}"),
    "pal.ts": ("720x576@25", f"-f mpegts {MPEG2} {AC3}"),
    "ntsc.ts": ("720x480@30000/1001", f"-f mpegts {MPEG2} {AC3}"),
    "pal.m2ts": ("720x576@25", f"-f mpegts -mpegts_m2ts_mode 1 {MPEG2} {AC3}"),
}
PICTURES = (
    *("household/Photos/2019 Coast/Beach.jpg", "household/Photos/Chart.png"),
    *("formats/grey.jpg", "formats/alpha.png", "formats/lossy.webp"),
    "household/Videos/Films/The Harbour (2019).mp4",
)


@pytest.fixture(scope="module", autouse=True)
def registry(tmp_path_factory):
    """Keep what GStreamer finds out about its plug-ins out of the home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GST_REGISTRY", str(tmp_path_factory.mktemp("gst") / "plugins"))
        yield


def names_of_gupnp_dlna(path):
    """Return what it finds when strict and when relaxed, as Rygel uses it."""
    return {_guess(path), _guess(path, "-r")}


def _guess(path, *options):
    done = subprocess.run(
        [PROGRAM, *options, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.search(r"^Profile Name: (\S+)$", done.stdout, re.M)
    if found is None:
        assert "no matching profile" in done.stdout, done.stdout + done.stderr
    return packed(found[1]) if found else ""


def packed(name):
    """Return a name without its packets: relaxed, gupnp-dlna mixes those up."""
    return re.sub("_(ISO|T)$", "", name) if "_TS_" in name else name


def our_name(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return packed(profile_of(probe(fd, path.name)))
    finally:
        os.close(fd)


def made(path):
    raster, options = MADE[path.name]
    size, _, rate = raster.partition("@")
    film = ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d=1")
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-v", "fatal", *(film if raster else ())),
            *("-f", "lavfi", "-i", "sine=f=330:r=48000:d=1"),
            *(("-pix_fmt", "yuv420p") if raster else ()),
            *(*options.split(), str(path)),
        ],
        check=True,
        timeout=60,
    )
    return path


@pytest.mark.parametrize("name", MADE)
def test_made_file(tmp_path, name):
    path = made(tmp_path / name)
    assert our_name(path) in names_of_gupnp_dlna(path)


@pytest.mark.parametrize("name", PICTURES)
def test_fixture(tmp_path, name):
    path = Path(shutil.copy(FIXTURES / name, tmp_path))
    assert our_name(path) in names_of_gupnp_dlna(path)
