"""The scanner's supervisor with real processes that behave well or badly."""

import sys
import tempfile

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from upnpserver.net import scanner as module
from upnpserver.net.scanner import Scanner
from upnpserver.scan.messages import (
    Finished,
    InRoot,
    Look,
    Progress,
    Ready,
    Scan,
    to_line,
)

ORDER = Scan(b"/nowhere/catalog.sqlite", ())
DONE = Finished(1, 0, 0, 0.5)
PRELUDE = """
import sys, os, time
from upnpserver.scan.messages import *
asked, say = sys.stdin.buffer.readline(), sys.stdout.buffer
"""


def program(*steps):
    return (sys.executable, "-c", PRELUDE + "\n".join(steps))


def telling(*messages):
    lines = b"".join(to_line(message) for message in messages)
    return f"say.write({lines!r}); say.flush()"


class ScannerTests(TestCase):
    def start(self, *steps):
        self.clock, self.heard = Clock(), []
        self.waiting = []
        self.scanner = Scanner(
            reactor, self.clock, ORDER, self.hear, command=program(*steps)
        )
        self.addCleanup(self.stop)
        self.scanner.scan()

    def stop(self):
        stopped = self.scanner.stop()
        self.clock.advance(module.PATIENCE_S)
        return stopped

    def hear(self, message):
        self.heard.append(message)
        for count, done in self.waiting:
            if len(self.heard) >= count and not done.called:
                done.callback(None)

    def messages(self, count):
        """Fire when so many messages were heard."""
        done = Deferred()
        self.waiting.append((count, done))
        self.hear_again()
        return done

    def hear_again(self):
        for count, done in self.waiting:
            if len(self.heard) >= count and not done.called:
                done.callback(None)

    async def until(self, true):
        """Wait for a process to come or go."""
        while not true():
            pause = Deferred()
            reactor.callLater(0.01, pause.callback, None)
            await pause

    async def test_tells_what_the_process_says_in_order(self):
        self.start(telling(Ready(), Progress(1, 2)), telling(DONE))
        await self.messages(3)
        self.assertEqual(self.heard, [Ready(), Progress(1, 2), DONE])
        await self.until(lambda: self.scanner._process is None)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_a_second_wish_while_it_runs_is_another_scan(self):
        self.start(telling(Ready()), "time.sleep(0.2)", telling(DONE))
        await self.messages(1)
        self.scanner.scan()
        self.scanner.scan()
        await self.messages(4)
        await self.until(lambda: self.scanner._process is None)
        self.assertEqual(self.heard, [Ready(), DONE] * 2)

    async def test_a_wish_to_look_for_damage_lasts_until_it_was_done(self):
        """Not by the process that runs already, nor by one that dies too soon."""
        asked = b'{"type": "Progress", "done": %d, "total": 0}\n'
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.start(
            f"say.write({asked!r} % (b'\"check\": true' in asked)); say.flush()",
            f"deaths = {folder.name!r} + '/death'",
            "dies = b'\"check\": true' in asked and not os.path.exists(deaths)",
            "dies and (open(deaths, 'w').close(), os.abort())",
            telling(Ready()),
            "time.sleep(0.2)",
            telling(DONE),
        )
        await self.messages(2)
        self.scanner.scan(check=True)
        await self.messages(4)  # the second one was asked to look, and died
        await self.until(self.clock.getDelayedCalls)
        self.clock.advance(module.PAUSES_S[0])
        await self.messages(7)
        await self.until(lambda: self.scanner._process is None)
        self.scanner.scan()
        await self.messages(10)
        looked = [m.done for m in self.heard if isinstance(m, Progress)]
        self.assertEqual(looked, [0, 1, 1, 0])

    async def test_one_that_dies_starts_again_after_a_growing_pause(self):
        self.start("os.abort()")
        for pause_s in module.PAUSES_S[:2]:
            await self.until(self.clock.getDelayedCalls)
            (call,) = self.clock.getDelayedCalls()
            self.assertEqual(call.getTime() - self.clock.seconds(), pause_s)
            self.clock.advance(pause_s)
        await self.until(self.clock.getDelayedCalls)

    async def test_one_that_talks_nonsense_is_ended(self):
        self.start("say.write(b'hello\\n'); say.flush(); time.sleep(60)")
        await self.until(self.clock.getDelayedCalls)

    async def test_the_end_of_its_input_is_the_wish_to_end(self):
        self.start(telling(Ready()), "sys.stdin.buffer.read()")
        await self.messages(1)
        await self.scanner.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_one_that_does_not_listen_is_killed(self):
        self.start(telling(Ready()), "time.sleep(60)")
        await self.messages(1)
        stopped = self.scanner.stop()
        self.clock.advance(module.PATIENCE_S)
        await stopped

    async def test_it_stays_for_more_orders_and_ends_when_none_comes(self):
        self.start(
            telling(Ready(), DONE),
            "while order := sys.stdin.buffer.readline():",
            f"    say.write(order); {telling(DONE)}",
        )
        await self.messages(2)
        self.assertTrue(self.scanner.is_free)
        place = InRoot(0, b"album")
        self.scanner.look([place], [], [place])
        self.assertFalse(self.scanner.is_free)
        await self.messages(4)
        look = Look(ORDER.catalog, ORDER.roots, (place,), (), (place,))
        self.assertEqual(self.heard[2], look)
        self.clock.advance(module.LINGER_S - 0.1)
        self.assertIsNotNone(self.scanner._process)
        self.clock.advance(0.1)
        await self.until(lambda: self.scanner._process is None)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.scanner.look([], [place])  # while none runs: another one starts
        await self.messages(6)

    async def test_an_order_while_it_ends_is_for_the_next_one(self):
        self.start(telling(Ready(), DONE), "sys.stdin.buffer.read(); time.sleep(0.2)")
        await self.messages(2)
        self.clock.advance(module.LINGER_S)
        self.scanner.scan()
        await self.messages(4)

    async def test_one_that_is_warmed_up_takes_the_next_order_or_ends(self):
        self.clock, self.heard, self.waiting = Clock(), [], []
        self.scanner = Scanner(
            reactor,
            self.clock,
            ORDER,
            self.hear,
            command=program(
                "asked and " + telling(Ready(), DONE)[: -len("; say.flush()")]
            ),
        )
        self.addCleanup(self.stop)
        self.scanner.warm_up()
        process = self.scanner._process
        self.scanner.warm_up()
        self.assertIs(self.scanner._process, process)
        self.scanner.scan()
        self.assertIs(self.scanner._process, process)
        await self.messages(2)
        await self.until(lambda: self.scanner._process is None)
        self.scanner.warm_up()
        self.clock.advance(module.LINGER_S)
        await self.until(lambda: self.scanner._process is None)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_a_look_that_was_lost_becomes_a_whole_scan(self):
        self.start(
            "asked = from_line(asked)",
            "isinstance(asked, Look) and os.abort()",
            telling(Ready(), DONE),
        )
        await self.messages(2)
        await self.until(lambda: self.scanner._process is None)
        self.scanner.look([InRoot(0, b"")], [], (), [InRoot(0, b"busy.mp3")])
        await self.until(self.clock.getDelayedCalls)
        self.assertFalse(self.scanner.is_free)
        self.clock.advance(module.PAUSES_S[0])
        await self.messages(4)

    async def test_stop_in_a_pause(self):
        self.start("os.abort()")
        await self.until(self.clock.getDelayedCalls)
        await self.scanner.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
