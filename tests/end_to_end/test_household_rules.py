"""Who may see what: the real server, asked by devices of several addresses."""

import contextlib
import http.client
import json
import re
import select
import signal
import socket
import subprocess
import sys
from html import unescape
from urllib.request import urlopen

import pytest
from support.daemon import PORT, running_daemon, wait_for
from support.make_media import FIXTURES
from support.netns import INTERFACE
from support.upnp_client import exchange

pytestmark = pytest.mark.end_to_end

# Each is a device; all are the client's.
PARENTS, KIDS, GUEST, NIGHT, BLOCKED, OTHER = (f"10.77.0.{n}" for n in range(31, 37))
RULES = """
new_devices = "ask"
metrics = true
blocked = ["{BLOCKED}"]
[[library]]
name = "Home"
folders = ["media"]
[[profile]]
name = "Parents"
devices = ["{PARENTS}"]
[[profile]]
name = "Kids"
devices = ["{KIDS}"]
age = 8
[[profile]]
name = "Night"
devices = ["{NIGHT}"]
hours = ["{hour}:00-{hour}:01"]
[[device]]
name = "kids tablet"
address = "{KIDS}"
[[device]]
name = "parents phone"
address = "{PARENTS}"
[[device]]
name = "old radio"
address = "{BLOCKED}"
[[lock]]
name = "Late films"
pin = "4721"
age = 16
"""
BROWSE = """<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<u:{action} xmlns:u="urn:schemas-upnp-org:service:ContentDirectory:1">{arguments}
</u:{action}></s:Body></s:Envelope>"""


class Device:
    """A control point at an address of its own."""

    def __init__(self, home, address):
        self.home, self.address = home, address

    def request(self, method, path, body=None, headers=None):
        """Return (status, body) of one request."""
        with self.home.client.entered():
            connection = http.client.HTTPConnection(
                self.home.server.ipv4, PORT, 10, source_address=(self.address, 0)
            )
            with contextlib.closing(connection):
                connection.request(method, path, body, headers or {})
                answer = connection.getresponse()
                return answer.status, answer.read()

    def call(self, action, **arguments):
        body = BROWSE.format(
            action=action,
            arguments="".join(f"<{n}>{v}</{n}>" for n, v in arguments.items()),
        )
        name = f'"urn:schemas-upnp-org:service:ContentDirectory:1#{action}"'
        _, answer = self.request(
            "POST", "/control/ContentDirectory", body, {"SOAPACTION": name}
        )
        return unescape(answer.decode())

    def browse(self, object_id, flag="BrowseDirectChildren"):
        return self.call(
            "Browse",
            ObjectID=object_id,
            BrowseFlag=flag,
            Filter="*",
            StartingIndex=0,
            RequestedCount=0,
            SortCriteria="",
        )

    def titles(self, object_id="video$all"):
        return re.findall("<dc:title>([^<]*)<", self.browse(object_id))


def film_like(name):
    """Return a film of its own: pictures and sound count, not what is around them."""
    content = next((FIXTURES / "household").rglob("*.mp4")).read_bytes()
    inside = content.index(b"mdat") + 100
    return content[:inside] + name.encode() + content[inside + len(name) :]


def films(folder):
    """Make two films, one for all and one for grown-ups, with what lies beside."""
    for name, rating in (("Alien", "R"), ("Up", "PG")):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.mp4").write_bytes(film_like(name))
        (folder / name / f"{name}.nfo").write_text(
            f"<movie><title>{name}</title><mpaa>Rated {rating}</mpaa></movie>"
        )
        (folder / name / f"{name}.en.srt").write_text(
            f"1\n00:00:01,000 --> 00:00:02,000\n{name}!\n"
        )


@pytest.fixture(scope="module")
def house(home, tmp_path_factory):
    """Yield the daemon with rules, and a folder of its library."""
    folder = tmp_path_factory.mktemp("rules")
    films(folder / "media")
    hour = int(home.server.run("date", "+%H").stdout)
    config = folder / "upnpserver.toml"
    config.write_text(
        RULES.format(
            PARENTS=PARENTS,
            KIDS=KIDS,
            NIGHT=NIGHT,
            BLOCKED=BLOCKED,
            hour=(hour + 5) % 24,
        )
    )
    for address in (PARENTS, KIDS, GUEST, NIGHT, BLOCKED, OTHER):
        home.client.ip(f"addr add {address}/24 dev {INTERFACE}")
    with running_daemon(home.server, folder / "state", config=config) as daemon:
        wait_for("the library", lambda: "Up" in Device(home, KIDS).titles())
        yield daemon, folder / "media"


@pytest.fixture
def device(home, house):
    return lambda address: Device(home, address)


def paths_of(answer):
    return re.findall(r"(/(?:media|subtitle|picture)/[^<\" ]+)", answer)


def open_late_films(device):
    for digits in ("", "4", "47", "472"):
        assert len(device.titles(f"pin${digits}")) == 10
    assert device.titles("pin$4721") == ["Late films is open for 120 minutes"]


def test_a_film_for_grown_ups_is_nowhere_for_others(home, device):
    kids, parents = device(KIDS), device(PARENTS)
    assert parents.titles("0")[-1] == "Enter the PIN"
    assert parents.titles() == ["Up"]
    open_late_films(parents)
    assert parents.titles() == ["Alien", "Up"]
    assert "Enter the PIN" not in parents.titles("0")

    (alien_id,) = re.findall(
        '<item id="([^"]*)"[^<]*<dc:title>Alien', parents.browse("video$all")
    )
    alien = parents.browse(alien_id, "BrowseMetadata")
    assert kids.titles() == ["Up"]
    assert kids.titles("0") == ["Videos", "Folders"]
    paths = paths_of(alien)
    assert any(path.startswith("/media/") for path in paths)
    assert any("srt" in path for path in paths)
    for path in paths:  # remembered, or told by somebody
        assert parents.request("GET", path)[0] == 200
        unknown = re.sub("/[a-z2-7]{16}/", "/aaaaaaaaaaaaaaaa/", path)
        assert kids.request("GET", path) == kids.request("GET", unknown)
        assert kids.request("GET", path)[0] == 404
    hidden = kids.browse(alien_id, "BrowseMetadata")
    missing = kids.browse(alien_id.replace("$", "$a", 1), "BrowseMetadata")
    assert "<errorCode>701<" in hidden
    assert hidden == missing
    found = kids.call(
        "Search",
        ContainerID="0",
        SearchCriteria='dc:title contains "Alien"',
        Filter="*",
        StartingIndex=0,
        RequestedCount=0,
        SortCriteria="",
    )
    assert "<TotalMatches>0<" in found


def test_the_api_and_what_plays_now_tell_each_what_he_may_see(home, device):
    kids, parents = device(KIDS), device(PARENTS)
    if parents.titles() == ["Up"]:
        open_late_films(parents)
    paths = {
        one["title"]: (one["id"], one["resources"][0]["path"])
        for one in told(parents, "/api/objects/video$all/children")["objects"]
    }
    for _, path in paths.values():
        assert parents.request("GET", path)[0] == 200
    playing = [told(one, "/api/now")["playing"] for one in (parents, kids)]
    titles = [[one["item"]["title"] for one in those] for those in playing]
    assert titles == [["Up", "Alien"], ["Up"]]
    assert playing[0][0]["device"] == "parents phone"

    hidden = kids.request("GET", f"/api/objects/{paths['Alien'][0]}")
    assert hidden == kids.request("GET", f"/api/objects/i${'a' * 16}")
    assert hidden[0] == 404
    found = told(kids, "/api/search?q=alien&kind=video")["groups"]
    assert [group["total"] for group in found] == [0]
    libraries = [
        told(one, "/api/status")["libraries"][0]["video"] for one in (parents, kids)
    ]
    assert libraries == [2, 1]
    assert told(kids, "/api/status")["scan"] is None
    (line,) = told(device(GUEST), "/api/objects/0/children")["objects"]
    assert "code" in line["title"]
    assert told(device(GUEST), "/api/now") == {"playing": []}
    # Numbers of files would tell of those that are hidden.
    for one in (kids, device(GUEST)):
        assert one.request("GET", "/metrics")[0] == 404
    with home.server.entered(), urlopen(f"http://127.0.0.1:{PORT}/metrics") as answer:
        assert b'upnpserver_items{kind="video"} 2\n' in answer.read()


def told(device, path):
    """Return what the API tells a device."""
    status, body = device.request("GET", path)
    assert status == 200
    return json.loads(body)


def test_what_is_added_reaches_those_who_may_see_it(house, device):
    _, folder = house
    for name, rating in (("Cars", "G"), ("Saw", "R")):
        (folder / f"{name}.nfo").write_text(
            f"<movie><title>{name}</title><mpaa>{rating}</mpaa></movie>"
        )
        (folder / f".{name}").write_bytes(film_like(name))
        (folder / f".{name}").rename(folder / f"{name}.mp4")
    kids = device(KIDS)
    wait_for("the film for all", lambda: "Cars" in kids.titles())
    assert kids.titles() == ["Cars", "Up"]
    (folder / "Cars.mp4").unlink()
    wait_for("it is gone", lambda: kids.titles() == ["Up"])


def test_a_new_device_sees_a_line_with_a_code(device):
    guest = device(GUEST)
    (line,) = guest.titles("0")
    assert re.fullmatch(r"Ask the owner: code \d{4}", line)
    assert guest.titles("0") == [line]
    assert "<errorCode>701<" in guest.browse("video$all")


def test_outside_its_hours_a_device_sees_when_they_begin(device):
    (line,) = device(NIGHT).titles("0")
    assert re.fullmatch(r"Closed until \d+:00", line)


def test_a_blocked_device_gets_no_answer_at_all(home, device, house):
    request = (
        f"GET /description.xml HTTP/1.1\r\nHost: {home.server.ipv4}:{PORT}\r\n\r\n"
    )
    with contextlib.suppress(ConnectionResetError):
        answer = exchange(
            home.client, home.server.ipv4, PORT, request.encode(), source=BLOCKED
        )
        assert answer == b""
    assert searched(home, BLOCKED) == b""
    assert searched(home, KIDS).startswith(b"HTTP/1.1 200 OK")


def searched(home, address):
    """Return the first answer to a search from an address, b"" for none in 2 s."""
    search = (
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        'MAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
    )
    with home.client.entered(), socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.bind((address, 0))
        asking.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address)
        )
        asking.settimeout(2)
        asking.sendto(search.encode(), ("239.255.255.250", 1900))
        with contextlib.suppress(TimeoutError):
            return asking.recv(2000)
    return b""


def upnpserver(house, *words):
    """Run a command for that server; return what it said."""
    daemon, _ = house
    argv = [sys.executable, "-m", "upnpserver", *words]
    argv += ["--state-dir", str(daemon.state_dir)]
    ended = subprocess.run(
        argv, check=False, capture_output=True, text=True, timeout=30
    )
    return ended.stdout + ended.stderr


def test_the_owner_decides_while_the_server_runs(house, device):
    newcomer = device(OTHER)
    code = newcomer.titles("0")[0].rpartition(" ")[2]
    assert "no device shows" in upnpserver(house, "allow", "99999")
    assert "let in" in upnpserver(house, "allow", code)
    assert newcomer.titles() == ["Up"]  # what is locked stays so
    assert "no answers" in upnpserver(house, "block", OTHER)
    with pytest.raises(OSError, match=r"reset|closed|pipe"):
        newcomer.titles()
    assert "nothing is decided" in upnpserver(house, "forget", OTHER)
    assert newcomer.titles("0")[0].startswith("Ask the owner")


def test_explain_tells_what_the_rules_hide(house, device):
    _, folder = house
    config = folder.parent / "upnpserver.toml"

    def explained(address, name):
        file = folder / name / f"{name}.mp4"
        return upnpserver(house, "explain", address, str(file), "--config", str(config))

    assert device(KIDS).titles() == ["Up"]
    told = explained("kids tablet", "Alien")
    assert "Hidden: it sees a part of the library by profile 'Kids'." in told
    assert "Title   Up" in explained("kids tablet", "Up")
    assert "by profile 'Kids'" in explained("kids tablet", "Up")
    assert "while Late films is locked" in explained("parents phone", "Alien")
    assert "it is blocked" in explained("old radio", "Up")
    assert "it has to ask first" in explained("generic", "Up")


def test_a_recording_tells_what_a_device_asks_and_nothing_of_the_house(house, device):
    daemon, _ = house
    argv = [sys.executable, "-m", "upnpserver", "devices", "--record", KIDS]
    argv += ["--state-dir", str(daemon.state_dir)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as recording:
        kids = device(KIDS)

        def recorded():
            kids.call(
                "Search",
                ContainerID="0",
                SearchCriteria='dc:title contains "wedding"',
                Filter="dc:title",
                StartingIndex=0,
                RequestedCount=5,
                SortCriteria="",
            )
            return select.select([recording.stdout], [], [], 0.2)[0]

        wait_for("a request in the recording", recorded)
        recording.send_signal(signal.SIGINT)
        told = recording.stdout.read()
    assert "POST /control/ContentDirectory HTTP/1.1" in told
    assert 'contains "x"' in told
    for private in ("wedding", KIDS, "10.77.0.10"):
        assert private not in told


def test_what_is_kept_is_told_and_forgotten_while_it_runs(house, device):
    daemon, _ = house
    file = daemon.state_dir / "household.sqlite"
    kids = device(KIDS)

    def noted():
        kids.titles()
        return file.exists() and "10.77.0." in upnpserver(house, "privacy")

    wait_for("a note of the device", noted)
    assert "nothing is kept" in upnpserver(house, "privacy", "--forget", "all")
    assert "0 entries" in upnpserver(house, "privacy")
    for path in daemon.state_dir.glob("household.sqlite*"):
        assert b"10.77.0." not in path.read_bytes()
    assert "holds" in upnpserver(house, "offline-report")
    assert "running server" in upnpserver(house, "offline-report")


def test_wrong_pins_are_counted(device):
    guest = device("10.77.0.20")
    assert "Ask" in guest.titles("0")[0]  # who may not look may not try
    assert "<errorCode>701<" in guest.browse("pin$0000")
