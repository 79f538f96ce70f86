"""What is told of devices, to people and to programs."""

import json
from ipaddress import ip_address

import pytest
from click.testing import CliRunner

from upnpserver.catalog.household import Household
from upnpserver.cli import commands
from upnpserver.devices.named import NamedDevice
from upnpserver.model import SeenDevice
from upnpserver.policy import NO_NEEDS
from upnpserver.reports import (
    NONE_YET,
    devices_json,
    devices_text,
    families_json,
    families_text,
    uses,
)
from upnpserver.settings.families import shipped_families

MAC = "00:00:5e:00:53:01"
DAY = 1_700_000_000  # 2023-11-14
Q = SeenDevice("192.0.2.20", MAC, "samsung-q", "ua", "SEC_HHP Q", DAY, DAY + 86400)
NOBODY = SeenDevice("fe80::1%2", "", "", "ua", "Foo\x1b[0m", 0, DAY)
DEN = NamedDevice(
    "Den", frozenset({ip_address("192.0.2.20")}), frozenset(), "lg-old", {"sec": False}
)
FAMILIES = shipped_families()


def test_a_device_is_told_as_people_read_it():
    q, nobody = devices_text([Q, NOBODY], FAMILIES, ()).split("\n\n")
    assert q.splitlines() == [
        "192.0.2.20  00:00:5e:00:53:01",
        "  rule     Samsung Q and QN series (about 2017 to 2021) [samsung-q]",
        "  told by  User-Agent: SEC_HHP Q",
        "  seen     first 2023-11-14, last 2023-11-15",
        "  because  As the series before, but places to continue are in milliseconds."
        " (sure: high)",
        '  use      mimes = { "video/x-matroska" = "video/x-mkv" }',
        '  use      seek = "bytes"',
        "  use      any_transfer_mode = true",
        '  use      aliases = "samsung"',
        "  use      dcm10 = true",
        '  use      bookmark = "ms"',
        '  use      subtitles = ["res-srt", "sec-caption", "caption-header"]',
        '  use      art_profile = "JPEG_SM"',
        "  use      jpeg_only = true",
        '  use      description = "samsung-caps"',
    ]
    assert nobody.splitlines() == [
        "fe80::1%2",
        "  rule     not known",
        "  told by  User-Agent: Foo\ufffd[0m",
        "  seen     first 1970-01-01, last 2023-11-14",
    ]


@pytest.mark.parametrize("device", [Q, Q._replace(address="192.0.2.9")])
def test_what_the_configuration_says_goes_first(device):
    named = NamedDevice("Den", DEN.addresses, frozenset({MAC}), "lg-old", DEN.changes)
    (told,) = json.loads(devices_json([device], FAMILIES, [named]))
    assert (told["name"], told["recognised_as"]) == ("Den", "samsung-q")
    assert told["rule"]["id"] == "lg-old"
    assert told["rule"]["use"]["sec"] is False
    text = devices_text([device], FAMILIES, [named])
    assert "[lg-old], by the configuration" in text
    assert text.startswith("Den  192.0.2.")


def test_a_rule_that_there_is_no_more_is_not_known():
    (told,) = json.loads(devices_json([Q], FAMILIES[:1], ()))
    assert (told["recognised_as"], told["rule"]["id"]) == ("samsung-q", "")
    assert told["rule"]["use"] == {}


def test_times_of_a_broken_clock_are_shown():
    told = devices_text([Q._replace(first_s=-(10**18), last_s=10**18)], FAMILIES, ())
    assert "first 1970-01-01, last 9999-12-31" in told


def test_all_rules_are_listed():
    lines = families_text(FAMILIES).splitlines()
    assert len(lines) == len(FAMILIES)
    assert lines == sorted(lines)
    told = {each["id"]: each for each in json.loads(families_json(FAMILIES))}
    assert told["kodi"]["use"]["subtitles"] == ["res-srt", "sec-caption"]
    assert told["bose"]["use"]["xml"] == ["strict-apos"]


def test_nothing_is_told_of_what_everybody_gets():
    assert uses(NO_NEEDS) == {}


def devices(*arguments):
    return CliRunner().invoke(commands, ["devices", *map(str, arguments)])


def test_the_command_reads_the_state_folder(tmp_path):
    told = devices("--state-dir", tmp_path)
    assert (told.exit_code, told.output) == (0, f"{NONE_YET}\n")
    assert list(tmp_path.iterdir()) == []
    Household(tmp_path / "household.sqlite").write_devices({(MAC, Q.family): Q})
    assert "[samsung-q]" in devices("--state-dir", tmp_path).output
    (told,) = json.loads(devices("--state-dir", tmp_path, "--json").output)
    assert told["address"] == "192.0.2.20"


def test_the_command_reads_the_configuration(tmp_path):
    Household(tmp_path / "household.sqlite").write_devices({(MAC, Q.family): Q})
    (tmp_path / "devices.d").mkdir()
    (tmp_path / "devices.d/den.toml").write_text('[den]\nname = "The den"')
    config = tmp_path / "config.toml"
    config.write_text(
        'state_dir = "."\n[[device]]\naddress = "192.0.2.20"\nrule = "den"\n'
    )
    assert "The den [den], by the configuration" in devices("--config", config).output
    assert "The den" in devices("--config", config, "--rules").output


def test_a_damaged_household_is_told_with_the_remedy(tmp_path):
    (tmp_path / "household.sqlite").write_bytes(b"no database" * 99)
    told = devices("--state-dir", tmp_path)
    assert "household.sqlite" in str(told.exception)
    assert "move it away" in str(told.exception)
