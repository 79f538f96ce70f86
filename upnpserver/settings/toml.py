"""A TOML file that a person wrote, read whole or refused in one line."""

import tomllib
from pathlib import Path
from typing import Any

from upnpserver.settings.wording import wrong

_MAX_FILE_BYTES = 1 << 20


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file holds. Raises ConfigError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise wrong(f"cannot read {file}: {reason}") from error
    if len(content) > _MAX_FILE_BYTES:
        raise wrong(f"{file}: larger than 1 MiB: this is no configuration file")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise wrong(f"{file}: not UTF-8 text, at byte {error.start}") from error
    except RecursionError as error:
        raise wrong(f"{file}: not TOML: nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and numbers of too many digits
        raise wrong(f"{file}: not TOML: {error}") from error
