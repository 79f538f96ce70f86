"""What each key of the configuration may hold."""

from ipaddress import ip_network

import pytest

from upnpserver.errors import ConfigError
from upnpserver.model import Kind
from upnpserver.settings.keys import PLAIN_KEYS, check_keys, read_kind

GOOD = [
    ("friendly_name", "Küche", "Küche"),
    ("friendly_name", "  Den ", "Den"),
    ("friendly_name", "x" * 63, "x" * 63),
    ("port", 1, 1),
    ("port", 65535, 65535),
    ("interfaces", [], ()),
    ("interfaces", ["eth0", "wlan0", "eth0"], ("eth0", "wlan0")),
    ("interfaces", ["x" * 15], ("x" * 15,)),
    ("interfaces", ["enp3s0.100", "br-lan"], ("enp3s0.100", "br-lan")),
    ("networks", ["192.168.7.0/24"], (ip_network("192.168.7.0/24"),)),
    ("networks", ["192.168.7.9/24"], (ip_network("192.168.7.0/24"),)),
    ("networks", ["2001:db8::/32"], (ip_network("2001:db8::/32"),)),
    ("networks", ["10.0.0.0/8"], (ip_network("10.0.0.0/8"),)),
    ("networks", ["192.0.2.7"], (ip_network("192.0.2.7/32"),)),
    ("names", ["media.home"], ("media.home",)),
    ("names", ["Media.Home.", "nas"], ("media.home", "nas")),
    ("names", ["a-b_c.1x"], ("a-b_c.1x",)),
    ("language", "pl", "pl"),
    ("letters_from", 200, 200),
    ("picture_cache_mb", 20, 20),
    ("keep_plays", False, False),
    ("keep_devices", False, False),
    ("metrics", True, True),
    ("status_folder", True, True),
    ("log_level", "debug", "debug"),
    ("log_level", "error", "error"),
]

BAD = [
    ("friendly_name", 5, "must be text, not 5"),
    ("friendly_name", True, "must be text"),
    ("friendly_name", "", "must be text"),
    ("friendly_name", "  ", "printable"),
    ("friendly_name", "a\nb", "printable"),
    ("friendly_name", "a\0b", "must be text"),
    ("friendly_name", "x" * 64, "1 to 63"),
    ("port", 0, "from 1 to 65535"),
    ("port", 65536, "from 1 to 65535"),
    ("port", -1, "not -1"),
    ("port", "8200", "not '8200'"),
    ("port", 8200.0, "whole number"),
    ("port", True, "not True"),
    ("interfaces", "eth0", 'must be a list, such as ["..."]'),
    ("interfaces", [1], "must be text"),
    ("interfaces", ["x" * 16], "network interface"),
    ("interfaces", ["a b"], "network interface"),
    ("interfaces", ["../eth0"], "network interface"),
    ("interfaces", [".."], "network interface"),
    ("networks", ["media.home"], "must be a network"),
    ("networks", ["192.168.7.0/33"], "must be a network"),
    ("networks", ["0.0.0.0/0"], "not a home"),
    ("networks", ["2000::/3"], "not a home"),
    ("networks", [10], "must be text"),
    ("networks", {"a": 1}, "not a table"),
    ("names", ["media.home:8200"], "without a port"),
    ("names", ["192.168.1.2"], "own addresses are known"),
    ("names", ["-x"], "host name"),
    ("names", ["x-.home"], "host name"),
    ("names", ["a..b"], "host name"),
    ("names", ["x" * 64], "host name"),
    ("names", [".".join(["x" * 50] * 6)], "host name"),
    ("names", ["caf\u00e9.home"], "host name"),
    ("names", ["http://media.home"], "host name"),
    ("language", "deu", "did you mean de?"),
    ("language", "German", "one of de, en, es, fr, it, nl, pl"),
    ("language", 1, "must be text"),
    ("letters_from", -1, "whole number"),
    ("letters_from", True, "whole number"),
    ("picture_cache_mb", -1, "of megabytes, such as 100"),
    ("picture_cache_mb", 1.5, "whole number"),
    ("letters_from", "many", "whole number"),
    ("keep_plays", "yes", "must be true or false"),
    ("keep_plays", 0, "must be true or false"),
    ("log_level", "warn", "did you mean warning?"),
    ("log_level", "loud", "one of debug, info, warning, error"),
    ("log_level", 3, "must be text"),
]


@pytest.mark.parametrize(("key", "value", "expected"), GOOD)
def test_takes(key, value, expected):
    assert PLAIN_KEYS[key]("file: key", value) == expected


@pytest.mark.parametrize(("key", "value", "said"), BAD)
def test_refuses(key, value, said):
    with pytest.raises(ConfigError) as caught:
        PLAIN_KEYS[key]("file: key", value)
    message = str(caught.value)
    assert message.startswith("file: key: ")
    assert said in message
    assert "\n" not in message
    assert len(message) < 250


def test_kinds_are_named_by_their_word():
    assert [read_kind("", kind.value) for kind in Kind] == list(Kind)
    with pytest.raises(ConfigError, match=r"audio, video, image.*did you mean video"):
        read_kind("", "videos")


def test_an_unknown_key_hears_of_the_nearest():
    check_keys("file", {"port": 1}, {"port", "names"})
    with pytest.raises(ConfigError) as caught:
        check_keys("file", {"prot": 1}, {"port", "names"})
    assert str(caught.value) == (
        "file: unknown key 'prot': did you mean port?; allowed: names, port"
    )
    with pytest.raises(ConfigError, match=r"^file: unknown key 'zzz'; allowed"):
        check_keys("file", {"zzz": 1}, {"port", "names"})
