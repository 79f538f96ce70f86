"""Run the checks against the installed servers: python -m tests.conformance."""

import signal
import sys
from pathlib import Path

# The helpers import each other as pytest does: with tests/ as the first folder.
sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.run import main

# Ended from outside too it takes its network and servers down.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
sys.exit(main())
