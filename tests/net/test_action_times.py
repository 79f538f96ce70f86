"""How long actions take, whether they answer at once, later or not at all."""

import pytest
from twisted.internet.defer import Deferred

from upnpserver.errors import InvalidAction
from upnpserver.net.action_times import ActionTimes
from upnpserver.net.control import Service


class House:
    def __init__(self):
        self.now_s, self.answer = 0.0, ()
        self.times = ActionTimes(lambda: self.now_s)
        services = {"A": Service("urn:a:1", self.call)}
        self.service = self.times.timed(services)["A"]

    def call(self, action, arguments, request):
        self.now_s += 0.02
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def told(self):
        return {
            (labels["action"], labels.get("le", after)): value
            for after, labels, value in self.times.samples()
        }


def test_an_answer_at_once():
    house = House()
    house.answer = [("Result", "x")]
    assert house.service.call("Browse", {}, None) == [("Result", "x")]
    told = house.told()
    assert (told["Browse", "0.01"], told["Browse", "0.03"]) == (0, 1)
    assert told["Browse", "_sum"] == pytest.approx(0.02)
    assert house.service.service_type == "urn:a:1"


def test_an_answer_later():
    house = House()
    house.answer = Deferred()
    results = []
    house.service.call("Search", {}, None).addCallback(results.append)
    assert house.told() == {}
    house.now_s += 2
    house.answer.callback("found")
    assert results == ["found"]
    assert house.told()["Search", "_sum"] == pytest.approx(2.02)


def test_errors_are_counted_without_their_names():
    house = House()
    house.answer = InvalidAction("made up")
    with pytest.raises(InvalidAction):
        house.service.call("made up", {}, None)
    house.answer = Deferred()
    failures = []
    house.service.call("Search", {}, None).addErrback(failures.append)
    house.answer.errback(ValueError())
    assert len(failures) == 1
    assert house.times.failures == 2
    assert house.told() == {}
