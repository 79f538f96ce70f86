"""The reactor of our processes."""

import time

from twisted.internet.epollreactor import EPollReactor


class SteadyReactor(EPollReactor):
    """A reactor whose timers don't follow the wall clock.

    A Pi without a battery starts in the past and learns the time later: every
    lease, limit and timetable would jump by years. Source: security.md
    requirement 33.
    """

    seconds = staticmethod(time.monotonic)
