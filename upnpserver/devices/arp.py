"""MAC addresses of neighbours: a device keeps its own when its address changes. Pure.

Source: Linux, Documentation/filesystems/proc.rst (/proc/net/arp); RFC 4291
appendix A for the MAC address inside of an IPv6 address.
"""

import re
from ipaddress import IPv4Address, IPv6Address

MAX_BYTES = 64 * 1024  # of the table: some 800 neighbours
_ROW = re.compile(
    r"^(?P<address>[\d.]+) +0x\d+ +0x(?P<flags>[0-9a-f]+) +"
    r"(?P<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5}) (?: *\S+ +(?P<interface>\S+))?",
    re.ASCII | re.MULTILINE | re.IGNORECASE,
)
_COMPLETE = 0x2
_NOBODY = "00:00:00:00:00:00"


def mac_in_table(table: str, address: str) -> str:
    """Return the MAC address of an IPv4 address, "" if the table doesn't tell."""
    for row in _ROW.finditer(table):
        if row["address"] == address and _is_known(row):
            return row["mac"].lower()
    return ""


def neighbours(table: str, interface: str) -> list[str]:
    """Return the IPv4 addresses of who talked with an interface lately."""
    return [
        row["address"]
        for row in _ROW.finditer(table)
        if row["interface"] == interface and _is_known(row)
    ]


def _is_known(row: re.Match[str]) -> bool:
    return bool(int(row["flags"], 16) & _COMPLETE) and row["mac"] != _NOBODY


def mac_inside(address: IPv4Address | IPv6Address) -> str:
    """Return the MAC address that an IPv6 address was made of, "" if of none."""
    packed = address.packed[8:]
    if address.version != 6 or packed[3:5] != b"\xff\xfe" or not packed[0] & 2:
        return ""
    return ":".join(
        f"{byte:02x}" for byte in (packed[0] ^ 2, *packed[1:3], *packed[5:])
    )
