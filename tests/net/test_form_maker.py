"""Children that draw: real processes, odd ones among them, on a real reactor."""

import io
import os
import sys
from pathlib import Path

import pytest
from PIL import Image
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.epollreactor import EPollReactor

from upnpserver.errors import ProbeError, ProbesUnavailable
from upnpserver.net.form_maker import COMMAND, FormMaker

ODD = (sys.executable, str(Path(__file__).with_name("odd_form_maker.py")))
MISSING = (sys.executable, "-c", "raise SystemExit(1)")
LIMIT_S = 60


class House:
    """A maker of forms and a file, on a reactor that runs until a Deferred fires."""

    def __init__(self, folder, command):
        self.reactor = EPollReactor()
        self.ended = []
        self.maker = FormMaker(self.reactor, self.reactor, self.end, command)
        file = folder / "file"
        file.write_bytes(b"content")
        self.fd = os.open(file, os.O_RDONLY)

    def end(self, kill):
        kill()
        self.ended.append(kill)

    def draw(self, *asked, wanted=True):
        return [self.maker.make(self.fd, one.encode(), lambda: wanted) for one in asked]

    def results(self, deferreds):
        """Run the reactor until all have fired; return values and errors."""
        found = [done.addErrback(lambda failure: failure.value) for done in deferreds]
        return self.result(gatherResults(found))

    def result(self, done: Deferred):
        result = []
        done.addBoth(result.append)
        end = self.reactor.seconds() + LIMIT_S
        while not result and self.reactor.seconds() < end:
            self.reactor.iterate(0.05)
        return result[0]


@pytest.fixture
def house(tmp_path, request):
    house = House(tmp_path, getattr(request, "param", ODD))
    yield house
    house.maker.stop()
    os.close(house.fd)
    names = {type(reader).__name__ for reader in house.reactor.getReaders()}
    assert names <= {"_UnixWaker"}


def test_what_is_asked_for_is_drawn(house):
    assert house.results(house.draw("good", "good")) == [b"content"] * 2


def test_a_reason_is_passed_on(house):
    (error,) = house.results(house.draw("bad"))
    assert isinstance(error, ProbeError)
    assert str(error) == "is broken"


@pytest.mark.parametrize("asked", ["crash", "nonsense"])
def test_one_file_costs_only_itself(house, asked):
    error, *others = house.results(house.draw(asked, "good", "good", "good"))
    assert isinstance(error, ProbeError)
    assert others == [b"content"] * 3


def test_a_child_that_hangs_is_ended(house, monkeypatch):
    monkeypatch.setattr("upnpserver.net.form_maker._LONGEST_S", 0.3)
    hung, good = house.results(house.draw("hang", "good"))
    assert isinstance(hung, ProbeError)
    assert str(hung) == "took too long"
    assert good == b"content"


def test_a_child_that_leaves_is_followed_by_another(house):
    assert house.results(house.draw("leave", "leave", "good", "good")) == [
        *(b"bye", b"bye", b"content", b"content"),
    ]


def test_children_are_kept_for_more_and_go_when_idle(house, monkeypatch):
    monkeypatch.setattr("upnpserver.net.form_maker._IDLE_S", 0.2)
    house.maker._most = 1
    first, second = house.results(house.draw("count", "count"))
    assert first == second
    while not house.ended:
        house.reactor.iterate(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)
    (third,) = house.results(house.draw("count"))
    assert third != first


def test_what_nobody_wants_any_more_is_not_drawn(house):
    dropped, good = house.results(house.draw("good", wanted=False) + house.draw("good"))
    assert isinstance(dropped, ProbesUnavailable)
    assert good == b"content"


@pytest.mark.parametrize("house", [MISSING], indirect=True)
def test_children_that_can_not_run(house):
    errors = house.results(house.draw("good", "good", "good"))
    assert [type(error) for error in errors] == [ProbesUnavailable] * 3


@pytest.mark.parametrize("house", [("/no/such/program",)], indirect=True)
def test_a_program_that_there_is_not(house):
    (error,) = house.results(house.draw("good"))
    assert isinstance(error, ProbesUnavailable)


def test_the_end_of_the_server_is_told_to_all(house):
    waiting = house.draw("hang", "hang", "hang")
    house.maker.stop()
    errors = house.results(waiting)
    assert [type(error) for error in errors] == [ProbesUnavailable] * 3


@pytest.mark.parametrize("house", [COMMAND], indirect=True)
def test_the_real_child_draws_a_file_and_a_picture_inside_one(house, tmp_path):
    written = io.BytesIO()
    Image.new("RGB", (300, 200), (254, 0, 0)).save(written, "JPEG")
    picture = written.getvalue()
    file = tmp_path / "song"
    file.write_bytes(b"x" * 100 + picture + b"y" * 100)
    house.fd = os.open(file, os.O_RDONLY)
    small, broken = house.results(
        house.draw(f"tn 100 {len(picture)}", f"tn 0 {len(picture)}")
    )
    assert Image.open(io.BytesIO(small)).size == (160, 107)
    assert str(broken) == "can't be read: UnidentifiedImageError"
