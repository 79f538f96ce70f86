"""The state folder: one server's lock, its UUID, its port and its databases.

    lock      held (flock) while a process uses the folder; holds its process id
    uuid      the UUID that TVs know this server by
    port      the TCP port that was free at the last start
    password  of the owner's page, as owner/password.py keeps it
    secret    from which secret parts of addresses are made (net/secret_paths.py)

A folder on a read-only file system can still be used, as long as its UUID was
written before: what is catalogued is then served.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from upnpserver.errors import StateFolderError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_PORT = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_SECRET_BYTES = 32
_SECRET = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_BYTES = 128  # no file of ours is longer
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class State:
    """A state folder that this process holds until close().

    writable: False when the file system is read-only.
    """

    def __init__(self, path: Path, lock_fd: int, writable: bool) -> None:
        self.path, self._lock_fd, self.writable = path, lock_fd, writable

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make the folder if need be, and lock it.

        Raises StateFolderError: in use, not a folder, not ours to write.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock_fd, writable = _open_lock(path / "lock")
        except OSError as error:
            raise StateFolderError(
                f"cannot use the state folder {path}: {_reason(error)}; "
                "choose another with --state-dir"
            ) from error
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(lock_fd)
            os.close(lock_fd)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise StateFolderError(
                    f"cannot lock the state folder {path}: {_reason(error)}; "
                    "choose another with --state-dir"
                ) from error
            raise StateFolderError(
                f"the state folder {path} is in use by {holder}: "
                "end that one first, or choose another folder with --state-dir"
            ) from error
        if writable:
            _sign(lock_fd)
        return cls(path, lock_fd, writable)

    def uuid(self) -> str:
        """Return this server's UUID ("xxxxxxxx-...", lower case), made once.

        Raises StateFolderError if the file holds something else: a new UUID
        would make TVs see another server, so the owner decides.
        """
        file = self.path / "uuid"
        found = self._read(file)
        if found is None:
            # Loaded only on the very first start.
            from uuid import uuid4  # noqa: PLC0415

            found = str(uuid4())
            self._write(file, found)
        if _UUID.fullmatch(found) is None:
            raise StateFolderError(
                f"{file} does not hold a UUID, by which TVs know this server: "
                "restore the file, or delete it to appear as a new server"
            )
        return found

    def port(self) -> int | None:
        """Return the port of the last start; None if there is none to trust."""
        found = self._read(self.path / "port") or ""
        number = int(found) if _PORT.fullmatch(found) else 0
        return number if 0 < number < 65536 else None

    def remember_port(self, port: int) -> None:
        """Keep the port, so that URLs stay the same; writes only if it changed."""
        if port != self.port() and self.writable:
            self._write(self.path / "port", str(port))

    def secret(self) -> bytes:
        """Return 32 bytes that nobody can guess, made once.

        If they can't be kept, they are others at each start.
        """
        file = self.path / "secret"
        found = self._read(file) or ""
        if _SECRET.fullmatch(found) is None:
            found = secrets.token_hex(_SECRET_BYTES)
            with contextlib.suppress(StateFolderError):
                self._write(file, found)
        return bytes.fromhex(found)

    def keep_password(self, line: str) -> None:
        """Keep the owner's password as owner.password.hashed() made it; "": none.

        Raises StateFolderError.
        """
        file = self.path / "password"
        if line:
            self._write(file, line)
            return
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise StateFolderError(f"cannot remove {file}: {_reason(error)}") from error

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock_fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, file: Path) -> str | None:
        """Return the file's line; None if there is no such file."""
        try:
            with file.open("rb") as opened:
                content = opened.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateFolderError(f"cannot read {file}: {_reason(error)}") from error
        return content.decode("ascii", "replace").strip()

    def _write(self, file: Path, line: str) -> None:
        """Replace the file so that a power cut leaves the old or the new one."""
        new = file.with_name(file.name + ".new")
        try:
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(fd, "w", encoding="ascii") as opened:  # noqa: PTH123
                opened.write(line + "\n")
                opened.flush()
                os.fsync(fd)
            new.replace(file)
            _sync_folder(self.path)
        except OSError as error:
            raise StateFolderError(
                f"cannot write {file}: {_reason(error)}; "
                "make room, or choose another state folder with --state-dir"
            ) from error


def kept_uuid(path: Path) -> str:
    """Return the UUID in a state folder that may be in use, "" if there is none."""
    found = _line_of(path / "uuid")
    return found if _UUID.fullmatch(found) else ""


def kept_port(path: Path) -> int:
    """Return the port of the last start in a state folder, 0 if there was none."""
    found = _line_of(path / "port")
    return int(found) if _PORT.fullmatch(found) else 0


def kept_password(path: Path) -> str:
    """Return what is kept of the owner's password, "" if there is none."""
    return _line_of(path / "password")


def _line_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _open_lock(file: Path) -> tuple[int, bool]:
    """Return a descriptor of the lock file, and whether the folder is writable."""
    try:
        fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
        try:
            return os.open(file, os.O_RDONLY | os.O_NOFOLLOW), False
        except OSError:
            raise error from None
    return fd, True


def _sign(lock_fd: int) -> None:
    """Write our process id, for the message above; a full disk is no obstacle."""
    with contextlib.suppress(OSError):
        os.ftruncate(lock_fd, 0)
        os.pwrite(lock_fd, f"{os.getpid()}\n".encode(), 0)


def _holder(lock_fd: int) -> str:
    signed = os.pread(lock_fd, 16, 0).decode("ascii", "replace").strip()
    return f"process {signed}" if signed.isdigit() else "another process"


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
