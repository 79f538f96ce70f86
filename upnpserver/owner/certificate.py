"""The certificate of the owner's page: made once, by this server itself.

Nobody has signed it, so a browser asks once whether to trust it; its fingerprint is
what "upnpserver password" prints. Needs the extra "tls". Source: RFC 5280.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final, NamedTuple

from upnpserver.errors import StateFolderError

CERTIFICATE_FILE: Final = "owner.pem"  # key and certificate
# A Pi without a battery starts in the past, and must have a valid one then too.
_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2049, 12, 31, tzinfo=UTC)  # later ones need another form
_MAX_BYTES: Final = 16 << 10


class Pair(NamedTuple):
    """pem: key and certificate. fingerprint: SHA-256, as browsers show it."""

    pem: bytes
    fingerprint: str


def is_possible() -> bool:
    """Tell whether the extra "tls" is installed."""
    return find_spec("cryptography") is not None  # without loading it


def kept_or_made(
    state_dir: Path, nodename: str, addresses: Iterable[IPv4Address | IPv6Address]
) -> Pair:
    """Return the pair of a state folder; made and written if there is none.

    nodename, addresses: what browsers may call this machine. Raises StateFolderError.
    """
    file = state_dir / CERTIFICATE_FILE
    try:
        with file.open("rb") as opened:
            return _pair(opened.read(_MAX_BYTES))
    except FileNotFoundError:
        made = _made(nodename, addresses)
        _write(file, made)
        return _pair(made)
    except (OSError, ValueError) as error:
        raise StateFolderError(
            f"cannot use {file}: {error}; delete it, and another is made"
        ) from error


def _pair(pem: bytes) -> Pair:
    """Return what is in a file. Raises ValueError."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    certificate = x509.load_pem_x509_certificate(pem)
    digest = certificate.fingerprint(hashes.SHA256())
    return Pair(pem, ":".join(f"{byte:02X}" for byte in digest))


def _made(nodename: str, addresses: Iterable[IPv4Address | IPv6Address]) -> bytes:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    host = nodename.partition(".")[0]
    names = dict.fromkeys(("localhost", nodename, f"{host}.local"))
    others: list[x509.GeneralName] = [
        x509.DNSName(name) for name in names if _is_plain(name)
    ]
    others += map(x509.IPAddress, addresses)
    name = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "upnpserver, the owner's page")]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _is_plain(name: str) -> bool:
    return name.isascii() and bool(name) and not name.startswith(".")


def _write(file: Path, content: bytes) -> None:
    """Write it for this user alone. Raises StateFolderError."""
    new = file.with_name(file.name + ".new")
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if os.geteuid() == 0:  # asked for by sudo, and the server's all the same
            folder = file.parent.stat()
            os.fchown(fd, folder.st_uid, folder.st_gid)
        with open(fd, "wb") as opened:  # noqa: PTH123
            opened.write(content)
            opened.flush()
            os.fsync(fd)
        new.replace(file)
    except OSError as error:
        raise StateFolderError(
            f"cannot write {file}: {error.strerror}; make room, or choose another"
            " state folder with --state-dir"
        ) from error
