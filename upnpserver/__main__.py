"""Where the program starts: first the offline guard, then everything else."""

import sys
from typing import NoReturn

from upnpserver.errors import ConfigError
from upnpserver.offline import guard

NEEDS_THE_OWNER = 2


def main() -> NoReturn:
    """Run the command line, or the server that it handed over to."""
    guard.install()
    try:
        sys.exit(_run())
    except ConfigError as error:
        print(f"upnpserver: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(NEEDS_THE_OWNER)


def _run() -> int:
    # Imported here: the guard comes first, and the server goes without click.
    from upnpserver.handover import received  # noqa: PLC0415

    config = received()
    if config is None:
        from upnpserver.cli import commands  # noqa: PLC0415

        return int(commands(prog_name="upnpserver") or 0)
    from upnpserver.net.daemon import run  # noqa: PLC0415

    return run(config)


if __name__ == "__main__":
    main()
