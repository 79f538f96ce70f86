"""The suite's own rules: in CI nothing may be skipped, nothing left behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

SKIPS = "import pytest\ndef test_a():\n    pytest.skip('no program')\n"
MAY_SKIP = "import pytest\n@pytest.mark.may_skip\n" + SKIPS.partition("\n")[2]
LEFT_OUT = "import pytest\npytest.importorskip('no_such_module')\n"
LEAVES_A_SOCKET = (
    "import socket\nkept = []\ndef test_a():\n    kept.append(socket.socket())\n"
)
LEAVES_A_PROCESS = (
    "import subprocess\ndef test_a():\n    subprocess.Popen(['sleep', '2'])\n"
)


@pytest.mark.parametrize(
    ("text", "in_ci", "passes"),
    [
        (SKIPS, "true", False),
        (SKIPS, "", True),
        (MAY_SKIP, "true", True),
        (LEFT_OUT, "true", False),
        (LEAVES_A_SOCKET, "", False),
        (LEAVES_A_PROCESS, "", False),
    ],
)
def test_outcome(tmp_path, text, in_ci, passes):
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_tried.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        env=os.environ | {"CI": in_ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    no_test_ran = 5  # pytest's exit code, when the only file was left out
    assert (done.returncode in {0, no_test_ran}) == passes, done.stdout
