"""Walk a media server with Kodi's own UPnP browser; print each entry as JSON.

Kodi runs with an empty home on a screen that is not there (Xvfb) and is asked
through its JSON-RPC port. Run on the client's host. Arguments: a folder for
Kodi's home. Exit code 1 when no server shows up.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

_JSON_RPC = ("127.0.0.1", 9090)

_SETTINGS = """<settings version="2">
<setting id="services.upnp">true</setting>
<setting id="services.esenabled">true</setting>
<setting id="services.zeroconf">false</setting>
<setting id="general.addonupdates">2</setting>
</settings>
"""


def ask(method, **params):
    """Call a method and return its result."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    received = ""
    with socket.create_connection(_JSON_RPC, timeout=20) as connection:
        connection.sendall(json.dumps(request).encode())
        while part := connection.recv(65536):
            received += part.decode()
            for message in _complete(received):
                if message.get("id") == 1:
                    return message.get("result", {})
    raise ConnectionError("Kodi closed the connection")


def _complete(text):
    """Yield the complete messages in text; Kodi sends notices in between."""
    while text:
        try:
            message, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            return
        yield message
        text = text[end:]


def until(check, deadline_s):
    """Return check's first true value."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        try:
            if value := check():
                return value
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.2)
    return None


def files(url):
    """Return the entries of one folder."""
    return ask("Files.GetDirectory", directory=url, media="files").get("files") or []


def walk(url):
    """Print everything below a folder."""
    for entry in files(url):
        line = {
            "title": entry["label"],
            "type": entry["filetype"],
            "url": entry["file"],
        }
        print(json.dumps(line), flush=True)
        if entry["filetype"] == "directory":
            walk(entry["file"])


def main(home):
    """Start both, walk, end both."""
    settings = Path(home, ".kodi", "userdata", "guisettings.xml")
    settings.parent.mkdir(parents=True)
    settings.write_text(_SETTINGS)
    with Path(home, "output.log").open("wb") as log:
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24"],
            stdout=subprocess.PIPE,
            stderr=log,
        )
        number = re.match(rb"\d+", screen.stdout.readline())[0].decode()
        kodi = subprocess.Popen(
            ["kodi", "--standalone", "--windowing=x11"],
            env=os.environ | {"HOME": home, "DISPLAY": f":{number}"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            until(lambda: ask("JSONRPC.Ping"), 60)
            servers = until(lambda: files("upnp://"), 20)
            walk("upnp://")
        finally:
            os.killpg(kodi.pid, signal.SIGKILL)
            kodi.wait()
            screen.terminate()
            screen.wait()
    return 0 if servers else 1


sys.exit(main(sys.argv[1]))
