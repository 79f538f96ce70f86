"""Subscriptions with a clock, requests and deliveries that are not real."""

import re
from ipaddress import ip_address

from lxml import etree
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net import eventing as module
from upnpserver.net.event_delivery import Undelivered
from upnpserver.net.eventing import Eventing

CDS = "ContentDirectory"
TV = "192.0.2.9"


class FakeRequest:
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
        self.sent = []
        self.values = {"SystemUpdateID": "1", "ContainerUpdateIDs": ""}
        self.eventing = Eventing(self.clock, self.deliver, lambda service: self.values)

    def deliver(self, callback, message):
        done = Deferred()
        self.sent.append((callback, message, done))
        return done

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

    def test_stop(self):
        self.subscribed()
        self.eventing.publish(CDS, {"SystemUpdateID": "2"})
        self.eventing.stop()
        self.eventing.publish(CDS, {"SystemUpdateID": "3"})
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.sent, [])
