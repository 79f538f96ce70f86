"""From the command to the first answered Browse, with a catalog that is there."""

import time

from bench.contenders import Contender
from bench.figures import Figure

MOST_S = 0.6
DEADLINE_S = 30
PAUSE_S = 0.003


def start(contenders: list[Contender], rounds: int) -> list[Figure]:
    """Stop and start each server again and again; it runs afterwards."""
    seconds: dict[str, list[float]] = {each.name: [] for each in contenders}
    for _ in range(rounds):
        for contender in contenders:
            contender.stop()
            seconds[contender.name].append(_start_s(contender))
    return [Figure("start to first Browse", "s", seconds, most=MOST_S)]


def _start_s(contender: Contender) -> float:
    request = contender.browse("0", count=1)
    with contender.asker.entered():
        begin = time.monotonic()
        contender.start()
        while time.monotonic() - begin < DEADLINE_S:
            if contender.total(request) > 0:
                return time.monotonic() - begin
            time.sleep(PAUSE_S)
    raise TimeoutError(f"{contender.name} does not answer")
