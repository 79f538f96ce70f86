"""The suite's own rules: in CI nothing may be skipped, nothing left behind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

FILES = {
    "runs": "def test_a():\n    pass\n",
    "skips": "import pytest\ndef test_a():\n    pytest.skip('no program')\n",
    "may_skip": (
        "import pytest\n@pytest.mark.may_skip\ndef test_a():\n    pytest.skip('fine')\n"
    ),
    "left_out": "import pytest\npytest.importorskip('no_such_module')\n",
    "leaves_a_socket": (
        "import socket\nkept = []\ndef test_a():\n    kept.append(socket.socket())\n"
    ),
    "leaves_a_process": (
        "import subprocess\ndef test_a():\n    subprocess.Popen(['sleep', '9'])\n"
    ),
    "leaves_a_thread": (
        "import threading, time\ndef test_a():\n"
        "    threading.Thread(target=time.sleep, args=[1]).start()\n"
    ),
}
LEAVING = {"leaves_a_socket", "leaves_a_process", "leaves_a_thread"}


@pytest.mark.parametrize(
    ("in_ci", "failing"), [("", LEAVING), ("true", LEAVING | {"skips", "left_out"})]
)
def test_only_these_fail(tmp_path, in_ci, failing):
    shutil.copy(CONFTEST, tmp_path)
    for name, text in FILES.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-rfE", "-p", "no:cacheprovider"),
            *("--continue-on-collection-errors", tmp_path),
        ],
        env=os.environ | {"CI": in_ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    failed = re.findall(r"^(?:FAILED|ERROR) .*?test_(\w+)\.py", done.stdout, re.M)
    assert set(failed) == failing, done.stdout
