"""The certificate: made once, valid on a Pi that starts in the past, readable by us."""

import ssl
import stat
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509

from upnpserver.errors import StateFolderError
from upnpserver.owner.certificate import CERTIFICATE_FILE, is_possible, kept_or_made

ADDRESSES = [ip_address("192.0.2.7"), ip_address("fe80::1")]


def test_it_is_made_once_for_this_machine_and_its_owner_alone(tmp_path):
    made = kept_or_made(tmp_path, "tower.home", ADDRESSES)
    assert kept_or_made(tmp_path, "another", []) == made
    file = tmp_path / CERTIFICATE_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [CERTIFICATE_FILE]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)  # key and certificate belong together


def test_it_names_the_machine_and_is_no_authority(tmp_path):
    pem = kept_or_made(tmp_path, "tower.home", ADDRESSES).pem
    made = x509.load_pem_x509_certificate(pem)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [
        *("localhost", "tower.home", "tower.local")
    ]
    assert names.get_values_for_type(x509.IPAddress) == ADDRESSES
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert not basic.value.ca


def test_it_is_valid_when_a_pi_has_no_time_yet_and_for_long(tmp_path):
    made = x509.load_pem_x509_certificate(kept_or_made(tmp_path, "pi", []).pem)
    assert made.not_valid_before_utc < datetime(2020, 6, 1, tzinfo=UTC)
    assert made.not_valid_after_utc > datetime(2045, 1, 1, tzinfo=UTC)


def test_a_damaged_file_is_named_with_the_remedy(tmp_path):
    (tmp_path / CERTIFICATE_FILE).write_text("nothing of the kind")
    with pytest.raises(StateFolderError, match="delete it, and another is made"):
        kept_or_made(tmp_path, "pi", [])


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / (CERTIFICATE_FILE + ".new")).mkdir()
    with pytest.raises(StateFolderError, match="cannot write"):
        kept_or_made(tmp_path, "pi", [])


def test_the_extra_is_here():
    assert is_possible()
