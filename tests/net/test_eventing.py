"""Subscriptions with a clock, requests and deliveries that are not real."""

import re
from ipaddress import ip_address

from http_wire import OWN, PEER, PORT, Door
from lxml import etree
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net import eventing as module
from upnpserver.net.event_delivery import Undelivered
from upnpserver.net.eventing import Eventing
from upnpserver.net.outbox import UNDER_WAY, UNDER_WAY_TO_PEER

CDS = "ContentDirectory"
TV = "192.0.2.9"


class FakeRequest:
    base_url = "http://192.0.2.1:8200"

    def __init__(self, peer=TV, **headers):
        self.peer = ip_address(peer)
        self.headers = headers
        self.status = None

    def header(self, name):
        return self.headers.get(name.decode(), "")

    def respond(self, status, headers, body=b""):
        assert self.status is None
        self.status, self.answer = status, dict(headers)


class EventingTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.sent, self.given_up = [], 0
        self.values = {"SystemUpdateID": "1", "ContainerUpdateIDs": ""}
        self.eventing = Eventing(
            self.clock, self.deliver, lambda service, policy: self.values
        )

    def variables(self, service, policy):
        return self.values

    def deliver(self, callback, message):
        done = Deferred(self.give_up)
        self.sent.append((callback, message, done))
        return done

    def give_up(self, done):
        self.given_up += 1
        done.errback(Undelivered())

    def take(self):
        """Return the one delivery since the last time: (values, SEQ, its Deferred)."""
        ((_, message, done),) = self.sent
        self.sent.clear()
        head, _, body = message.partition(b"\r\n\r\n")
        seq = int(re.search(rb"SEQ: (\d+)", head)[1])
        values = {e.tag: e.text or "" for p in etree.fromstring(body) for e in p}
        return values, seq, done

    def subscribe(self, peer=TV, service=CDS, **more):
        headers = {"nt": "upnp:event", "callback": f"<http://{peer}:1/>", **more}
        request = FakeRequest(peer, **headers)
        self.eventing.subscribe(service, request)
        return request

    def subscribed(self, **more):
        """Subscribe and take the first event; return the SID."""
        request = self.subscribe(**more)
        self.assertEqual(request.status, 200)
        self.clock.advance(module.FIRST_EVENT_S)
        _, _, done = self.take()
        done.callback(200)
        return request.answer["SID"]

    def publish(self, **changes):
        self.eventing.publish(CDS, changes)
        self.clock.advance(module.MODERATION_S)

    def test_the_first_event_follows_the_answer_with_everything(self):
        request = self.subscribe(timeout="Second-400")
        self.assertEqual(request.answer["TIMEOUT"], "Second-400")
        self.assertTrue(request.answer["SID"].startswith("uuid:"))
        self.assertEqual(self.sent, [])
        self.values["SystemUpdateID"] = "2"
        self.clock.advance(module.FIRST_EVENT_S)
        callback, message, _ = self.sent[0]
        self.assertEqual(str(callback.address), TV)
        self.assertIn(b"SID: " + request.answer["SID"].encode(), message)
        values, seq, _ = self.take()
        self.assertEqual((values, seq), (self.values, 0))

    def test_changes_are_told_together_and_only_what_changed(self):
        self.subscribed()
        self.eventing.publish(CDS, {"SystemUpdateID": "2"})
        self.eventing.publish(CDS, {"SystemUpdateID": "3", "ContainerUpdateIDs": "a,3"})
        self.assertEqual(self.sent, [])
        self.clock.advance(module.MODERATION_S)
        values, seq, _ = self.take()
        self.assertEqual(values, {"SystemUpdateID": "3", "ContainerUpdateIDs": "a,3"})
        self.assertEqual(seq, 1)

    def test_one_message_at_a_time_and_what_waits_is_merged(self):
        self.subscribed()
        self.publish(SystemUpdateID="2", ContainerUpdateIDs="a,2")
        _, _, done = self.take()
        self.publish(SystemUpdateID="3", ContainerUpdateIDs="b,3")
        self.publish(SystemUpdateID="4", ContainerUpdateIDs="b,4")
        self.assertEqual(self.sent, [])
        done.callback(200)
        values, seq, _ = self.take()
        merged = {"SystemUpdateID": "4", "ContainerUpdateIDs": "b,4"}
        self.assertEqual((values, seq), (merged, 2))

    def test_other_services_hear_nothing(self):
        self.subscribed(service="ConnectionManager")
        self.publish(SystemUpdateID="2")
        self.assertEqual(self.sent, [])

    def test_the_second_callback_is_tried_when_the_first_fails(self):
        urls = f"<http://{TV}:1/a><http://{TV}:2/b>"
        self.subscribe(callback=urls)
        self.clock.advance(module.FIRST_EVENT_S)
        _, seq, done = self.take()
        done.errback(Undelivered())
        callback = self.sent[0][0]
        self.assertEqual((callback.port, callback.path), (2, "/b"))
        self.assertEqual(self.take()[1], seq)

    def test_three_failures_in_a_row_end_it(self):
        self.subscribed()
        for number in range(module.FAILURES):
            self.assertEqual(len(self.eventing), 1)
            self.publish(SystemUpdateID=str(number))
            self.take()[2].errback(Undelivered())
        self.assertEqual(len(self.eventing), 0)

    def test_an_answer_between_failures_counts_anew(self):
        self.subscribed()
        for number in range(2 * module.FAILURES):
            self.publish(SystemUpdateID=str(number))
            done = self.take()[2]
            done.callback(200) if number % 2 else done.errback(Undelivered())
        self.assertEqual(len(self.eventing), 1)

    def test_a_client_that_does_not_know_its_sid_is_dropped(self):
        self.subscribed()
        self.publish(SystemUpdateID="2")
        self.take()[2].callback(412)
        self.assertEqual(len(self.eventing), 0)

    def test_it_runs_out_silently(self):
        sid = self.subscribed(timeout="Second-300")
        self.clock.advance(300)
        self.publish(SystemUpdateID="2")
        self.assertEqual(self.sent, [])
        request = FakeRequest(sid=sid)
        self.eventing.subscribe(CDS, request)
        self.assertEqual(request.status, 412)

    def test_renewal_goes_on_without_a_first_event(self):
        sid = self.subscribed(timeout="Second-300")
        self.clock.advance(299)
        request = FakeRequest(sid=sid, timeout="Second-300")
        self.eventing.subscribe(CDS, request)
        self.assertEqual((request.status, request.answer["SID"]), (200, sid))
        self.clock.advance(299)
        self.assertEqual(self.sent, [])
        self.publish(SystemUpdateID="2")
        self.assertEqual(self.take()[1], 1)

    def test_renewal_of_another_services_subscription_is_refused(self):
        request = FakeRequest(sid=self.subscribed())
        self.eventing.subscribe("ConnectionManager", request)
        self.assertEqual(request.status, 412)

    def test_unsubscribe(self):
        sid = self.subscribed()
        for status in (200, 412):
            request = FakeRequest(sid=sid)
            self.eventing.unsubscribe(CDS, request)
            self.assertEqual(request.status, status)
        self.publish(SystemUpdateID="2")
        self.assertEqual(self.sent, [])

    def test_unsubscribed_before_the_first_event(self):
        sid = self.subscribe().answer["SID"]
        self.eventing.unsubscribe(CDS, FakeRequest(sid=sid))
        self.clock.advance(1)
        self.assertEqual(self.sent, [])

    def test_callbacks_elsewhere_are_refused_and_nothing_is_sent(self):
        request = self.subscribe(callback="<http://203.0.113.5/>")
        self.assertEqual(request.status, 412)
        self.clock.advance(10)
        self.assertEqual((self.sent, len(self.eventing)), ([], 0))

    def test_so_many_of_one_peer_and_of_all(self):
        for _ in range(module.MAX_PER_PEER):
            self.assertEqual(self.subscribe().status, 200)
        self.assertEqual(self.subscribe().status, 503)
        while len(self.eventing) < module.MAX_SUBSCRIPTIONS:
            peer = f"192.0.2.{20 + len(self.eventing) // module.MAX_PER_PEER}"
            self.assertEqual(self.subscribe(peer=peer).status, 200)
        self.assertEqual(self.subscribe(peer="192.0.2.200").status, 503)

    def test_the_dead_make_room_and_leave_no_timer(self):
        for _ in range(module.MAX_PER_PEER):
            self.subscribe(timeout="Second-300")
        self.clock.advance(301)
        self.assertEqual(self.subscribe().status, 200)
        self.assertEqual(len(self.eventing), 1)
        self.clock.advance(7300)
        self.clock.advance(7300)
        self.assertEqual(len(self.eventing), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_waits_for_its_turn_is_sent_as_it_is_by_then(self):
        for _ in range(UNDER_WAY_TO_PEER + 1):
            self.subscribe()
        self.clock.advance(module.FIRST_EVENT_S)
        self.assertEqual(len(self.sent), UNDER_WAY_TO_PEER)
        self.values["SystemUpdateID"] = "2"
        self.publish(SystemUpdateID="2", ContainerUpdateIDs="a,2")
        first = self.sent.pop(0)[2]
        messages, self.sent = self.sent, []
        first.callback(200)
        self.clock.advance(0)
        values, seq, _ = self.take()
        self.assertEqual(values["ContainerUpdateIDs"], "a,2")
        self.assertIn(seq, {0, 1})
        for _, _, done in messages:
            done.callback(200)

    def test_hundreds_are_told_in_many_turns(self):
        reached = 0
        for peer in range(100):
            self.subscribe(peer=f"192.0.2.{peer}")
        self.clock.advance(module.FIRST_EVENT_S)
        for _ in range(100):
            sent, self.sent = self.sent, []
            self.assertLessEqual(len(sent), UNDER_WAY)
            reached += len(sent)
            for _, _, done in sent:
                done.callback(200)
            self.clock.advance(0)
        self.assertEqual(reached, 100)

    def test_an_unknown_error_is_told(self):
        self.subscribed()
        self.publish(SystemUpdateID="2")
        self.take()[2].errback(ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_unsubscribed_while_a_message_is_under_way(self):
        sid = self.subscribed()
        self.publish(SystemUpdateID="2")
        self.publish(SystemUpdateID="3")
        _, _, done = self.take()
        self.eventing.unsubscribe(CDS, FakeRequest(sid=sid))
        done.callback(200)
        self.clock.advance(1)
        self.assertEqual((self.sent, len(self.eventing)), ([], 0))

    def test_stop(self):
        self.subscribed()
        self.eventing.publish(CDS, {"SystemUpdateID": "2"})
        self.subscribe()
        self.eventing.stop()
        self.eventing.publish(CDS, {"SystemUpdateID": "3"})
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.sent, [])
        self.assertEqual(self.subscribe().status, 503)

    def test_stop_gives_up_what_is_under_way(self):
        self.subscribe(callback=f"<http://{TV}:1/a><http://{TV}:2/b>")
        self.clock.advance(module.FIRST_EVENT_S)
        self.sent.clear()
        self.eventing.stop()
        self.assertEqual(self.given_up, 1)
        self.assertEqual((self.sent, self.clock.getDelayedCalls()), ([], []))


class SubscribeOnTheWireTests(SynchronousTestCase):
    """The same behind the real door: what a control point sees."""

    def setUp(self):
        self.clock, self.sent = Clock(), []
        self.eventing = Eventing(
            self.clock, self.deliver, lambda service, policy: {"A": "1"}
        )
        self.door = Door(self.eventing.routes())

    def deliver(self, callback, message):
        self.sent.append((str(callback.address), message))
        return succeed(200)

    def ask(self, method, service=CDS, **headers):
        lines = [f"{method} /event/{service} HTTP/1.1", f"Host: {OWN}:{PORT}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        (answer,), _ = self.door.ask("\r\n".join([*lines, "", ""]).encode())
        self.assertEqual(answer.body, b"")
        return answer

    def test_subscribe_renew_and_cancel(self):
        url = f"<http://{PEER}:4711/events>"
        answer = self.ask("SUBSCRIBE", CALLBACK=url, NT="upnp:event")
        sid = answer.headers["SID"]
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["TIMEOUT"], "Second-1800")
        self.assertEqual(self.sent, [])
        self.clock.advance(module.FIRST_EVENT_S)
        ((address, message),) = self.sent
        self.assertEqual(address, PEER)
        self.assertIn(f"SID: {sid}\r\nSEQ: 0\r\n".encode(), message)
        renewed = self.ask("SUBSCRIBE", SID=sid, TIMEOUT="Second-600")
        self.assertEqual((renewed.status, renewed.headers["SID"]), (200, sid))
        self.assertEqual(renewed.headers["TIMEOUT"], "Second-600")
        self.assertEqual(
            self.ask("UNSUBSCRIBE", "ConnectionManager", SID=sid).status, 412
        )
        self.assertEqual(self.ask("UNSUBSCRIBE", SID=sid).status, 200)
        self.assertEqual(self.ask("SUBSCRIBE", SID=sid).status, 412)

    def test_refusals(self):
        own, peer = f"<http://{OWN}:{PORT}/>", f"<http://{PEER}:1/>"
        for status, headers in (
            (412, {}),
            (412, {"NT": "upnp:event"}),
            (412, {"CALLBACK": peer}),
            (412, {"NT": "upnp:event", "CALLBACK": own}),
            (400, {"NT": "upnp:event", "CALLBACK": peer, "SID": "uuid:1"}),
        ):
            self.assertEqual(self.ask("SUBSCRIBE", **headers).status, status)
        self.assertEqual(len(self.eventing), 0)
