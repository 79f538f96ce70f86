"""What the doctor says of containers, bridges and VLANs."""

from ipaddress import IPv4Interface

import pytest

from upnpserver.devices.arp import neighbours
from upnpserver.doctor import lan
from upnpserver.net.interfaces import Interface

ARP = """IP address       HW type     Flags       HW address            Mask     Device
192.168.1.5      0x1         0x2         00:11:22:33:44:55     *        eth0
192.168.1.6      0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.7      0x1         0x2         00:11:22:33:44:57     *        wlan0
"""


def test_who_talked_with_an_interface():
    assert neighbours(ARP, "eth0") == ["192.168.1.5"]
    assert neighbours(ARP, "wlan0") == ["192.168.1.7"]
    assert neighbours("", "eth0") == []


@pytest.fixture
def looked_at(tmp_path):
    def look(name, is_container=False, address="192.168.1.2", **files):
        mark = tmp_path / "mark"
        if is_container:
            mark.touch()
        for path, text in files.items():
            file = tmp_path / name / path.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")
        found = lan.findings(
            Interface(name, 2, (IPv4Interface(f"{address}/24"),)),
            someone_answers=True,
            sys_class_net=tmp_path,
            marks=(mark,),
        )
        return [(one.what, one.state) for one in found]

    return look


SNOOPING = {"bridge__multicast_snooping": 1, "bridge__multicast_querier": 0}


@pytest.mark.parametrize(
    ("name", "files", "findings"),
    [
        ("eth0", {"iflink": 2, "ifindex": 2, "uevent": "INTERFACE=eth0"}, []),
        ("docker0", {}, [("containers on docker0", "bad")]),
        ("br0", SNOOPING, [("bridge br0", "note")]),
        ("br0", SNOOPING | {"bridge__multicast_querier": 1}, []),
        ("br0", SNOOPING | {"bridge__multicast_snooping": 0}, []),
        ("eth0.7", {"uevent": "DEVTYPE=vlan\nINTERFACE=x"}, [("VLAN eth0.7", "note")]),
    ],
)
def test_what_an_interface_is(looked_at, name, files, findings):
    assert looked_at(name, **files) == findings


@pytest.mark.parametrize(
    ("address", "iflink", "findings"),
    [
        ("172.17.0.2", 7, [("container on eth0", "bad")]),
        ("10.88.0.5", 7, [("container on eth0", "bad")]),
        ("192.168.1.2", 7, []),  # a macvlan
        ("172.17.0.2", 2, []),  # the network of the machine
    ],
)
def test_inside_of_a_container(looked_at, address, iflink, findings):
    more = {"address": address, "iflink": iflink, "ifindex": 2}
    assert looked_at("eth0", **more) == []
    assert looked_at("eth0", is_container=True, **more) == findings
