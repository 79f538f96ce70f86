"""MAC addresses, from the kernel's table and from inside of addresses."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.devices.arp import mac_in_table, mac_inside

TABLE = """\
IP address       HW type     Flags       HW address            Mask     Device
192.0.2.7        0x1         0x2         00:1E:8f:aa:bb:01     *        eth0
192.0.2.70       0x1         0x6         02:00:5e:00:00:70     *        eth0
192.0.2.8        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.9        0x1         0x2         00:00:00:00:00:00     *        eth0
"""


@pytest.mark.parametrize(
    ("address", "mac"),
    [
        ("192.0.2.7", "00:1e:8f:aa:bb:01"),
        ("192.0.2.70", "02:00:5e:00:00:70"),
        ("192.0.2.8", ""),  # asked for, not answered
        ("192.0.2.9", ""),
        ("192.0.2.1", ""),
        ("92.0.2.7", ""),
    ],
)
def test_mac_in_table(address, mac):
    assert mac_in_table(TABLE, address) == mac


@given(st.text())
def test_any_table_gives_a_mac_or_none(table):
    assert mac_in_table(table, "192.0.2.7") == ""


@pytest.mark.parametrize(
    ("address", "mac"),
    [
        ("fe80::21e:8fff:feaa:bb01", "00:1e:8f:aa:bb:01"),
        ("fe80::21e:8fff:feaa:bb01%2", "00:1e:8f:aa:bb:01"),
        ("2001:db8::5e:ff:fe00:5370", ""),  # nobody's own
        ("fe80::1", ""),
        ("192.0.2.7", ""),
    ],
)
def test_mac_inside(address, mac):
    assert mac_inside(ip_address(address)) == mac
