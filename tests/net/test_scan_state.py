"""How far the scanner is, told by its messages."""

from upnpserver.net.scan_state import ScanState
from upnpserver.scan.messages import Finished, Progress, Ready
from upnpserver.web.watched import Scan


def test_it_follows_the_messages():
    free, changes = [False], []
    state = ScanState(lambda: free[0])
    state.changed = lambda: changes.append(state.now())
    assert state.now() == Scan(True, 0, None)
    state.heard(Ready())
    assert changes == []
    state.heard(Progress(3, 0))
    state.heard(Progress(4, 9))
    free[0] = True
    finished = Finished(*[0] * len(Finished.__dataclass_fields__))
    state.heard(finished)
    assert changes == [Scan(True, 3, None), Scan(True, 4, 9), Scan(False, 0, None)]
    assert state.last is finished
