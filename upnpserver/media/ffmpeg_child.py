"""A process that shuts itself in and becomes ffmpeg.

    python -m upnpserver.media.ffmpeg_child MEMORY_MIB CPU_SECONDS PROGRAM ARGUMENT...

Descriptor 0 is the one file that it may read; what it makes goes to 1, what it has to
say to 2. PROGRAM: ffmpeg's path. It ends with the process that started it.
"""

import os
import resource
import sys
from pathlib import Path

from upnpserver.media import sandbox
from upnpserver.media.video_devices import BY_DEVICE, video_devices


def main(memory_mib: int, cpu_seconds: int, program: str, *arguments: str) -> None:
    """Become the program, or raise OSError."""
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    path = Path(program).resolve()
    file = Path("/dev/fd/0")
    devices = video_devices() if BY_DEVICE in arguments else []
    limits = memory_mib << 20, cpu_seconds
    layers = sandbox.enter_program(path, file, *limits, devices)
    if missing := [layer.name for layer in layers if not layer.holds]:
        # The others remain: an old kernel is no reason to show nothing.
        sys.stderr.write(f"without: {', '.join(missing)}\n")
    os.execv(path, ["ffmpeg", *arguments])  # noqa: S606 - there is no shell in it


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
