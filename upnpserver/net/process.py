"""The server as a process: its reactor, its log, its signals."""

import gc
import signal
import sys
from collections.abc import Callable

from twisted.internet.main import installReactor

from upnpserver.config import Config
from upnpserver.net.daemon import Server
from upnpserver.net.logs import start_logging
from upnpserver.net.reload import Reload
from upnpserver.net.resolver import refuse_names
from upnpserver.net.steady import SteadyReactor
from upnpserver.state import State


def run(config: Config, reread: Callable[[], Config]) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    reread: returns the configuration as it is then; SIGHUP asks for it.

    Raises ConfigError if the state folder or the port can't be had.
    """
    tail = start_logging(config.log_level)
    with State.open(config.state_dir) as state:
        reactor = SteadyReactor()
        installReactor(reactor)  # type: ignore[no-untyped-call]
        refuse_names(reactor)
        server = Server(reactor, config, state, sys.stdout)
        server.owner.tell("log", lambda question: {"lines": tail.lines()})
        server.start()
        reload = Reload(config, reread, server.in_thread, server.follow)
        signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(reload.begin))
        # What is imported is never rubbish: looking through it took 60 ms.
        gc.freeze()
        reactor.addSystemEventTrigger("before", "shutdown", server.stop)
        reactor.run()
    return 0
