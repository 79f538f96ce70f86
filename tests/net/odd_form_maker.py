"""A child that draws nothing, but does what it is asked to: for test_form_maker.py.

    python odd_form_maker.py FD

"good" answers, "bad" tells a problem, "crash" dies, "hang" never answers, "leave"
leaves after an answer, "nonsense" says too much, "count" tells its process id.
"""

import os
import signal
import socket
import sys
import time


def main(fd):
    with socket.socket(fileno=fd) as end:
        end.send(b"S[]")
        is_staying = True
        while is_staying:
            asked, fds, _, _ = socket.recv_fds(end, 100, 1)
            if not fds:
                return
            is_staying = DEEDS[asked](end, fds[0]) is not LEAVE
            os.close(fds[0])


def leave(end, _fd):
    end.send(b"Fbye")
    end.send(LEAVE)
    return LEAVE


def too_much(end, _fd):
    for _ in range(300):
        end.send(b"M" + bytes(60_000))


LEAVE = b"L"
DEEDS = {
    b"good": lambda end, fd: end.send(b"F" + os.pread(fd, 100, 0)),
    b"bad": lambda end, fd: end.send(b"Pis broken"),
    b"crash": lambda end, fd: os.kill(os.getpid(), signal.SIGKILL),
    b"hang": lambda end, fd: time.sleep(1000),
    b"leave": leave,
    b"nonsense": too_much,
    b"count": lambda end, fd: end.send(b"F%d" % os.getpid()),
}

main(int(sys.argv[1]))
