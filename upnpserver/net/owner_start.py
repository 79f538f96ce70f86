"""How the process of the owner's page begins.

    python -m upnpserver.net.owner_start STATE_DIR COUNT

See owner_page.py. First the offline guard, then everything else.
"""

import sys
from pathlib import Path

from upnpserver import footprint
from upnpserver.offline import guard


def main(arguments: list[str]) -> int:
    """Serve until nobody needs it; return the exit code."""
    guard.install()
    footprint.leave_out_http_client()
    footprint.leave_out_tls()
    # Only now: guard and footprint come before all that they are about.
    from upnpserver.net import owner_page  # noqa: PLC0415

    return owner_page.run(Path(arguments[0]), int(arguments[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
