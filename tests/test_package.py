"""What "pip install ." puts on a machine is the whole server."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_every_file_of_the_package(tmp_path):
    source = tmp_path / "source"  # building leaves files behind
    shutil.copytree(ROOT / "upnpserver", source / "upnpserver")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps"),
            *("--disable-pip-version-check", "-w", tmp_path, source),
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist" not in name}
    files = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "upnpserver").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert packed == files
