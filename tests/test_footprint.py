"""What the server process does not load, and gives back."""

import json
import subprocess
import sys

# Each would cost memory, or could reach beyond the house. Not tomllib: the rules
# for devices are written in TOML.
NEVER = {
    "http.client", "urllib.request", "http.cookiejar.request_host", "email", "click",
    "sqlite_utils", "mutagen", "pymediainfo", "PIL", "importlib.resources",
    "twisted.web.client", "twisted.web.resource", "OpenSSL", "cryptography",
    "unittest", "pdb",
}  # fmt: skip

SERVER_MODULES = """
import json, sys
from upnpserver import footprint
footprint.leave_out_http_client()
footprint.leave_out_tls()
import upnpserver.net.process
print(json.dumps(sorted(name for name, one in sys.modules.items() if one)))
"""

LARGE_ANSWERS = """
from upnpserver import footprint
footprint.give_memory_back()
def resident():
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1]) * 4096
before = resident()
for size in range(1 << 20, 40 << 20, 1 << 20):
    large, small = bytes(size), bytes(1000)
    del large
print(resident() - before)
"""


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout


def test_the_server_loads_nothing_it_does_not_need():
    loaded = set(json.loads(run(SERVER_MODULES)))
    assert loaded & NEVER == set()
    assert "upnpserver.catalog.writer" not in loaded


def test_large_answers_leave_no_memory_behind():
    assert int(run(LARGE_ANSWERS)) < 4 << 20
