"""The socket of the owner: real ones, between two threads and two processes."""

import json
import socket
import stat
from pathlib import Path

import pytest
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial import unittest

from upnpserver.errors import ConfigError
from upnpserver.net.owner import MOST_TALKS, OwnerDoor
from upnpserver.owner_call import (
    MAX_QUESTION_BYTES,
    OWNER_SOCKET,
    ask,
    ask_on,
    owner_address,
)


def refused(question):
    raise ConfigError("not like this")


class OwnerTests(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        # Deeper than the address of a socket may be long.
        self.folder = tmp_path / ("deep" * 20) / ("deeper" * 20)
        self.folder.mkdir(parents=True)

    def setUp(self):
        self.left = 0
        self.door = OwnerDoor(
            reactor,
            self.folder,
            {"echo": lambda question: {"told": question["word"]}, "refuse": refused},
            {"count": self.count},
        )
        self.door.start()
        self.addCleanup(self.door.stop)

    def count(self, question, send, end):
        for number in range(question["until"]):
            send({"number": number})
        if not question.get("stay"):
            end()
        return self.leave

    def leave(self):
        self.left += 1

    def asked(self, **question):
        return deferToThread(ask, self.folder, question)

    async def test_a_question_is_answered(self):
        assert await self.asked(do="echo", word="Ärger") == {"told": "Ärger"}

    async def test_a_refusal_and_what_nobody_knows_are_told(self):
        for question, told in (
            ({"do": "refuse"}, "not like this"),
            ({"do": "dance"}, "doesn't know that command"),
            ({"do": ["echo"]}, "doesn't know that command"),
            ({}, "doesn't know that command"),
        ):
            with pytest.raises(ConfigError, match=told):
                await self.asked(**question)

    async def test_a_talk_goes_on_until_it_ends(self):
        answers = await deferToThread(
            lambda: list(ask_on(self.folder, {"do": "count", "until": 3}))
        )
        assert [answer["number"] for answer in answers] == [0, 1, 2]
        assert self.left == 1

    async def test_whoever_leaves_a_talk_ends_it(self):
        def first():
            talk = ask_on(self.folder, {"do": "count", "until": 1, "stay": True}, 5)
            answer = next(talk)
            talk.close()
            return answer

        assert await deferToThread(first) == {"number": 0}
        while not self.left:
            await deferToThread(lambda: None)
        assert not self.door.open

    async def test_rubbish_ends_the_connection_and_nothing_else(self):
        def thrown(data):
            with (
                owner_address(self.folder) as address,
                socket.socket(socket.AF_UNIX) as connection,
            ):
                connection.settimeout(5)
                connection.connect(address)
                try:
                    connection.sendall(data)
                    return connection.recv(1000)
                except OSError:
                    return b""

        for data in (b"\n", b"[]\n", b"\xff\n", b"{" * 2 * MAX_QUESTION_BYTES):
            answer = await deferToThread(thrown, data)
            assert not answer or "error" in json.loads(answer)
        assert (await self.asked(do="echo", word="x"))["told"] == "x"

    async def test_only_so_many_talk_at_once(self):
        def crowd():
            talks = [
                ask_on(self.folder, {"do": "count", "until": 1, "stay": True}, 5)
                for _ in range(MOST_TALKS)
            ]
            for talk in talks:
                next(talk)
            with pytest.raises((ConfigError, StopIteration)):
                next(ask_on(self.folder, {"do": "echo", "word": "x"}, 5))
            for talk in talks:
                talk.close()

        await deferToThread(crowd)

    def test_nobody_else_may_come_near(self):
        mode = (self.folder / OWNER_SOCKET).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600

    async def test_what_a_killed_server_left_is_no_hindrance(self):
        await self.door.stop()
        with socket.socket(socket.AF_UNIX) as old, owner_address(self.folder) as place:
            old.bind(place)
        self.door.start()
        assert await self.asked(do="echo", word="x") == {"told": "x"}


def test_without_a_server_the_remedy_is_told(tmp_path):
    with pytest.raises(ConfigError, match="no server answers"):
        ask(tmp_path, {"do": "echo"})
    with pytest.raises(ConfigError, match="no server answers"):
        ask(tmp_path / "nowhere", {"do": "echo"})


def test_no_descriptor_stays_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        with pytest.raises(ConfigError):
            ask(tmp_path, {"do": "echo"})
    assert len(list(Path("/proc/self/fd").iterdir())) == before
