"""What the owner says of single devices."""

from ipaddress import ip_address

import pytest

from upnpserver.errors import ConfigError
from upnpserver.settings.families import shipped_families
from upnpserver.settings.load import Options, load

EXAMPLE = """
[[device]]
name = "Den"
address = "192.168.1.20"
rule = "samsung-q"
use.dlna = false
use.mimes = { "video/x-matroska" = "video/x-mkv" }

[[device]]
address = ["192.168.1.21", "fe80::1"]
mac = ["00-11-22-33-44-55", "00:11:22:33:44:AA"]
"""


@pytest.fixture
def media(tmp_path):
    (tmp_path / "music").mkdir()
    return tmp_path


def loaded(media, text):
    file = media / "config.toml"
    file.write_text(f'{text}\n[[library]]\nfolders = ["music"]\n', "utf-8")
    return load(file, Options())


def test_reads_what_is_said(media):
    den, other = loaded(media, EXAMPLE).devices
    assert (den.name, den.addresses) == ("Den", {ip_address("192.168.1.20")})
    assert (den.macs, den.family) == (frozenset(), "samsung-q")
    assert den.changes == {
        "dlna": False,
        "mimes": {"video/x-matroska": "video/x-mkv"},
    }
    assert other.addresses == {ip_address("192.168.1.21"), ip_address("fe80::1")}
    assert other.macs == {"00:11:22:33:44:55", "00:11:22:33:44:aa"}
    assert (other.name, other.family, other.changes) == ("", "", {})


def test_a_rule_may_be_of_ones_own(media):
    (media / "devices.d").mkdir()
    (media / "devices.d" / "den.toml").write_text('[den]\nlike = "samsung-q"')
    (media / "devices.d" / "notes.txt").write_text("none of ours")
    config = loaded(media, '[[device]]\naddress = "192.0.2.1"\nrule = "den"')
    assert config.devices[0].family == "den"
    assert len(config.families) == len(shipped_families()) + 1


def test_without_own_files_the_config_holds_none(media):
    assert loaded(media, "").families == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("device = 5", "each one starts with a line [[device]]"),
        ("[[device]]", "device 1: name it by address"),
        ('[[device]]\nadress = "a"', "unknown key 'adress': did you mean address?"),
        ('[[device]]\naddress = "tv"', "device 1: address: must be an address"),
        ('[[device]]\naddress = "192.0.2.0/24"', "must be an address"),
        ("[[device]]\naddress = 5", "device 1: address: must be a list"),
        ('[[device]]\nmac = "00:11:22"', "device 1: mac: must be a MAC address"),
        ('[[device]]\nmac = "00:11-22:33:44:55"', "must be a MAC address"),
        ('[[device]]\naddress = "::1"\nrule = "samsung"', "no device 'samsung'"),
        ('[[device]]\naddress = "::1"\nname = ""', "device 1: name: must be text"),
        ('[[device]]\naddress = "::1"\nuse.dnla = 1', "use: unknown key 'dnla'"),
        ('[[device]]\naddress = "::1"\n' * 2, "device 2: ::1 is named by device 1"),
    ],
)
def test_a_mistake_is_told_in_one_line(media, text, said):
    with pytest.raises(ConfigError) as error:
        loaded(media, text)
    assert str(media / "config.toml") in str(error.value)
    assert said in str(error.value)
    assert str(error.value).isprintable()
