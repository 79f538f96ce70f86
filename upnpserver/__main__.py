"""Where the program starts: first the offline guard, then everything else."""

import sys
from typing import NoReturn

from upnpserver import footprint
from upnpserver.errors import ConfigError
from upnpserver.offline import guard

NEEDS_THE_OWNER = 2


def main() -> NoReturn:
    """Run the command line."""
    guard.install()
    footprint.leave_out_http_client()
    footprint.leave_out_tls()
    footprint.give_memory_back()
    # Imported here: guard and footprint come before all that they are about.
    from upnpserver.cli import commands  # noqa: PLC0415

    try:
        sys.exit(commands(prog_name="upnpserver"))
    except ConfigError as error:
        print(f"upnpserver: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(NEEDS_THE_OWNER)


if __name__ == "__main__":
    main()
