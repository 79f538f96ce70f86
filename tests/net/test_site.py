"""The HTTP door on a connection in memory: bytes in, exact bytes out."""

import gc
import re
import weakref
from ipaddress import ip_address

from http_wire import OWN_LINES, PEER, Door, parse_answers
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net.site import Limits
from upnpserver.policy import ClientPolicy

HOST = b"Host: 192.0.2.1:8200\r\n"
ERRORS = {400, 403, 404, 405, 408, 413, 414, 417, 431, 501, 503, 505}


def get(path=b"/x", *fields, method=b"GET", version=b"1.1", host=HOST):
    lines = b"".join(field + b"\r\n" for field in fields)
    return method + b" " + path + b" HTTP/" + version + b"\r\n" + host + lines + b"\r\n"


def post(body, *fields, path=b"/x"):
    return get(path, b"Content-Length: %d" % len(body), *fields, method=b"POST") + body


def echo(request):
    """Answer with what was asked and what came with it."""
    body = b"%b %b %b" % (request.method, request.path, request.body)
    request.respond(200, [("Content-Type", "text/x")], body)


METHODS = {b"GET": echo, b"HEAD": echo, b"POST": echo}


class Kept:
    """A handler that answers later."""

    def __init__(self):
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)


class DoorTests(SynchronousTestCase):
    """A door with /x and /media/, and one handler that answers later: /later."""

    limits = Limits()

    def setUp(self):
        self.later = Kept()
        self.door = Door(
            {b"/x": METHODS, b"/later": {b"GET": self.later}},
            {b"/media/": {b"GET": echo}},
            limits=self.limits,
        )
        self.clock = self.door.clock

    def tearDown(self):
        for connection in self.door.site.connections.all():
            connection.give_way()
        self.door.settle()
        assert len(self.door.site.connections) == 0
        assert self.clock.getDelayedCalls() == [], "a timer was left behind"

    def ask(self, data, **ends):
        return self.door.ask(data, **ends)

    def statuses(self, data, **ends):
        answers, wire = self.ask(data, **ends)
        return [answer.status for answer in answers], wire


class AnswerTests(DoorTests):
    """What goes out, byte for byte."""

    def test_an_answer_byte_for_byte(self):
        wire = self.door.connect().send(get())
        self.door.settle()
        assert wire.take() == (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nContent-Length: 7\r\n"
            + OWN_LINES
            + b"\r\nGET /x "
        )

    def test_header_names_keep_their_letters_and_order(self):
        names = [
            ("EXT", ""),
            ("contentFeatures.dlna.org", "DLNA.ORG_OP=01"),
            ("transferMode.dlna.org", "Streaming"),
            ("SID", "uuid:1"),
            ("ETag", '"caf\xe9"'),
        ]
        door = Door({b"/": {b"GET": lambda request: request.respond(206, names)}})
        wire = door.connect().send(get(b"/"))
        door.settle()
        assert wire.take() == (
            b"HTTP/1.1 206 Partial Content\r\nEXT:\r\n"
            b"contentFeatures.dlna.org: DLNA.ORG_OP=01\r\n"
            b"transferMode.dlna.org: Streaming\r\nSID: uuid:1\r\n"
            b'ETag: "caf\xe9"\r\nContent-Length: 0\r\n' + OWN_LINES + b"\r\n"
        )

    def test_head_is_get_without_the_body(self):
        wire = self.door.connect().send(get(method=b"HEAD") + get())
        self.door.settle()
        answers = parse_answers(wire.take(), heads=[0])
        assert answers[0].headers["Content-Length"] == "8"
        assert [answer.body for answer in answers] == [b"", b"GET /x "]

    def test_answers_without_a_body_have_no_length(self):
        for status, line in ((304, b"304 Not Modified"), (204, b"204 No Content")):
            tag = [("ETag", '"1"')]
            door = Door({b"/": {b"GET": lambda r, s=status, t=tag: r.respond(s, t)}})
            wire = door.connect().send(get(b"/"))
            door.settle()
            assert wire.take() == (
                b"HTTP/1.1 " + line + b'\r\nETag: "1"\r\n' + OWN_LINES + b"\r\n"
            )

    def test_the_date_goes_on(self):
        wire = self.door.connect().send(get())
        self.clock.advance(2)
        wire.take()
        wire.send(get())
        self.door.settle()
        assert b"Date: Sun, 06 Nov 1994 08:49:39 GMT\r\n" in wire.take()

    def test_the_handler_sees_the_request(self):
        wire = self.door.connect()
        wire.send(get(b"/later?a=%20&b", b"USER-agent: caf\xe9", b"Empty:"))
        (request,) = self.later.requests
        assert (request.method, request.path, request.query) == (
            b"GET",
            b"/later",
            b"a=%20&b",
        )
        assert request.header(b"User-Agent") == "caf\xe9"
        assert request.header(b"empty") == request.header(b"missing") == ""
        assert request.peer == ip_address(PEER)
        assert request.base_url == "http://192.0.2.1:8200"
        assert request.body == b""

    def test_the_policy_is_decided_before_the_handler_runs(self):
        seen = []

        def handler(request):
            seen.append(request.policy)
            request.respond(200, [])

        door = Door(
            {b"/": {b"GET": handler}},
            policy_for=lambda request: ClientPolicy(request.header(b"user-agent")),
        )
        door.ask(get(b"/", b"User-Agent: tv"))
        assert seen == [ClientPolicy("tv")]

    def test_a_link_local_connection(self):
        self.door.connect(own="fe80::1%eth0", peer="fe80::7%eth0").send(
            get(b"/later", host=b"Host: [fe80::1]:8200\r\n")
        )
        (request,) = self.later.requests
        assert request.base_url == "http://[fe80::1]:8200"
        assert request.peer == ip_address("fe80::7%eth0")


class BugTests(DoorTests):
    """A bug in a handler costs its own connection only."""

    def ask_bug(self, handler):
        door = Door({b"/": {b"GET": handler}})
        answers, wire = door.ask(get(b"/") + get(b"/"))
        (failure,) = self.flushLoggedErrors()
        return answers, wire, failure

    def test_a_bug_is_a_plain_500_and_the_end(self):
        answers, wire, failure = self.ask_bug(lambda request: 1 / 0)
        assert failure.check(ZeroDivisionError)
        (answer,) = answers
        assert (answer.status, answer.body) == (500, b"Internal error.\n")
        assert answer.headers["Connection"] == "close"
        assert wire.is_closed

    def test_a_line_break_never_gets_into_a_header(self):
        for value in ("a\r\nX: y", "a\nb", "a\rb"):
            answers, _, failure = self.ask_bug(
                lambda request, value=value: request.respond(200, [("ETag", value)])
            )
            assert failure.check(ValueError)
            assert [answer.status for answer in answers] == [500]
            assert "X" not in answers[0].headers

    def test_a_second_answer_is_a_bug_that_nobody_sees(self):
        def twice(request):
            request.respond(200, [], b"first")
            request.respond(200, [], b"second")

        door = Door({b"/": {b"GET": twice}})
        answers, _ = door.ask(get(b"/"))
        assert [answer.body for answer in answers] == [b"first"]
        assert len(self.flushLoggedErrors(RuntimeError)) == 1

    def test_a_stream_that_fails_is_cut(self):
        def broken(request):
            request.begin(200, [], 1000)
            raise OSError("the disk")

        door = Door({b"/": {b"GET": broken}})
        wire = door.connect().send(get(b"/"))
        door.settle()
        assert b"500" not in wire.take()
        assert wire.was_reset
        assert len(self.flushLoggedErrors(OSError)) == 1


class AdmissionTests(DoorTests):
    """Who and what is refused before any handler."""

    def assert_refused(self, status, data, **ends):
        answers, wire = self.ask(data + get(), **ends)
        assert [answer.status for answer in answers] == [status]
        answer = answers[0]
        assert answer.headers["Connection"] == "close"
        assert answer.headers["Content-Type"] == 'text/plain; charset="utf-8"'
        if not data.startswith(b"HEAD"):
            assert answer.body.endswith(b".\n")
            assert answer.body.count(b"\n") == 1
        assert wire.server_ended
        assert not self.later.requests
        wire.end()
        self.door.settle()
        assert wire.is_closed

    def test_a_foreign_source_gets_no_answer(self):
        door = Door({b"/x": METHODS}, sources=lambda ip: ip == ip_address(PEER))
        assert door.connect(peer="198.51.100.1") is None
        assert door.connect(peer="2001:db8::1") is None
        assert door.connect(peer=PEER) is not None

    def test_foreign_hosts(self):
        for host in (
            b"evil.example",
            b"evil.example:8200",
            b"192.0.2.2:8200",
            b"192.0.2.1:81",
            b"localhost:8200",
            b"tower.evil.example",
        ):
            self.assert_refused(403, get(b"/later", host=b"Host: " + host + b"\r\n"))

    def test_a_foreign_host_before_anything_else_about_the_path(self):
        foreign = b"Host: evil.example\r\n"
        self.assert_refused(403, get(b"/none", host=foreign))
        self.assert_refused(403, get(b"/x", host=foreign, method=b"HEAD"))
        self.assert_refused(403, get(b"/x", host=foreign, version=b"1.0"))
        self.assert_refused(403, get(b"http://evil.example/", host=foreign))

    def test_no_host_empty_host_two_hosts(self):
        self.assert_refused(400, get(b"/later", host=b""))
        self.assert_refused(400, get(b"/later", host=b"Host:\r\n"))
        self.assert_refused(400, get(b"/later", host=b"Host:\r\n", version=b"1.0"))
        self.assert_refused(400, get(b"/later", host=HOST + HOST))
        self.assert_refused(400, get(b"/later", host=HOST + b"HOST: evil\r\n"))

    def test_http_1_0_needs_no_host(self):
        assert self.statuses(get(host=b"", version=b"1.0"))[0] == [200]

    def test_own_names_and_addresses(self):
        self.door.addresses.add(ip_address("10.9.8.7"))
        for host in (b"192.0.2.1:8200", b"10.9.8.7:8200", b"tower:8200", b"TOWER:8200"):
            assert self.statuses(get(host=b"Host: " + host + b"\r\n"))[0] == [200]

    def test_the_port_goes_without_saying(self):
        self.door.addresses.add(ip_address("10.9.8.7"))
        for host in (b"192.0.2.1", b"10.9.8.7", b"tower"):
            assert self.statuses(get(host=b"Host: " + host + b"\r\n"))[0] == [200]

    def test_this_machine_may_say_localhost(self):
        for own, peer in (("127.0.0.1", "127.0.0.1"), ("::1", "::1")):
            for host in (b"localhost", b"localhost:8200"):
                data = get(host=b"Host: " + host + b"\r\n")
                assert self.statuses(data, own=own, peer=peer)[0] == [200]
            for host in (b"evil.example:8200", b"localhost:80"):
                data = get(host=b"Host: " + host + b"\r\n")
                assert self.statuses(data, own=own, peer=peer)[0] == [403]

    def test_the_address_that_was_reached_needs_no_port(self):
        for own, host in (("127.0.0.1", b"127.0.0.1"), ("::1", b"[::1]")):
            data = get(host=b"Host: " + host + b"\r\n")
            assert self.statuses(data, own=own, peer=own)[0] == [200]
            assert self.statuses(data)[0] == [403]

    def test_port_80_goes_without_saying(self):
        for host in (b"192.0.2.1", b"192.0.2.1:80", b"tower"):
            data = get(host=b"Host: " + host + b"\r\n")
            assert self.statuses(data, port=80)[0] == [200]

    def test_addresses_change_while_running(self):
        data = get(host=b"Host: 10.9.8.7:8200\r\n")
        wire = self.door.connect()
        self.door.addresses.add(ip_address("10.9.8.7"))
        wire.send(data)
        self.door.settle()
        self.door.addresses.remove(ip_address("10.9.8.7"))
        wire.send(data)
        self.door.settle()
        assert [answer.status for answer in parse_answers(wire.take())] == [200, 403]

    def test_pages_of_others(self):
        for origin in (
            b"http://evil.example",
            b"null",
            b"",
            b"https://192.0.2.1:8200",
            b"http://192.0.2.1",
            b"http://192.0.2.1:8200, http://evil.example",
        ):
            self.assert_refused(403, get(b"/later", b"Origin: " + origin))

    def test_our_own_page(self):
        for origin in (b"http://192.0.2.1:8200", b"http://tower:8200"):
            assert self.statuses(get(b"/x", b"Origin: " + origin))[0] == [200]

    def test_unknown_methods(self):
        for method in (b"M-POST", b"PUT", b"DELETE", b"TRACE", b"get", b"NOTIFY"):
            self.assert_refused(501, get(method=method))
        self.assert_refused(501, get(b"192.0.2.1:80", method=b"CONNECT"))

    def test_no_proxy(self):
        self.assert_refused(400, get(b"http://192.0.2.1:8200/x"))
        self.assert_refused(400, get(b"http://evil.example/x"))
        self.assert_refused(400, get(b"x"))
        self.assert_refused(400, get(b"*"))

    def test_what_is_not_http(self):
        self.assert_refused(400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n")
        self.assert_refused(505, get(version=b"2.0"))
        self.assert_refused(414, get(b"/" + b"a" * 5000))
        self.assert_refused(431, get(b"/later", b"X: " + b"a" * 16384))
        self.assert_refused(431, get(b"/later", *[b"X-%d: y" % i for i in range(101)]))

    def test_hidden_lengths(self):
        coded = b"Transfer-Encoding: chunked"
        self.assert_refused(400, post(b"abc", coded))
        self.assert_refused(400, post(b"abc", b"Content-Length: 3"))
        self.assert_refused(400, post(b"abc", b"Content-Length: 4"))
        self.assert_refused(400, get(b"/x", coded, version=b"1.0"))
        self.assert_refused(400, get(b"/x", coded, method=b"POST") + b"x\r\n")

    def test_a_body_too_large_is_refused_by_its_head(self):
        data = get(b"/x", b"Content-Length: 65537", method=b"POST")
        wire = self.door.connect().send(data)
        self.door.settle()
        assert [answer.status for answer in parse_answers(wire.take())] == [413]
        assert wire.server_ended

    def test_no_answer_lets_other_origins_read_it(self):
        preflight = b"Access-Control-Request-Method: GET"
        for data in (
            get(b"/x", b"Origin: http://192.0.2.1:8200"),
            get(b"/x", b"Origin: http://evil.example", preflight, method=b"OPTIONS"),
            get(b"/x", preflight, method=b"OPTIONS"),
        ):
            answers, _ = self.ask(data)
            names = {name.lower() for answer in answers for name in answer.headers}
            assert not [name for name in names if name.startswith("access-control")]


class RoutingTests(DoorTests):
    """Paths and methods; the connection stays open."""

    def assert_answers(self, expected, data):
        answers, _ = self.ask(data + get())
        assert [answer.status for answer in answers] == [*expected, 200]
        return answers[0]

    def test_unknown_paths(self):
        for path in (b"/", b"/X", b"/x/", b"/xy", b"/media", b"//media/", b"/%78"):
            self.assert_answers([404], get(path))

    def test_a_prefix_is_a_whole_segment(self):
        assert self.assert_answers([200], get(b"/media/")).body == b"GET /media/ "
        assert self.assert_answers([200], get(b"/media/1/a?b")).status == 200
        self.assert_answers([404], get(b"/mediax/1"))

    def test_a_method_that_this_path_lacks(self):
        answer = self.assert_answers([405], get(b"/media/1", method=b"POST"))
        assert answer.headers["Allow"] == "GET, OPTIONS"
        answer = self.assert_answers([405], get(b"/later", method=b"HEAD"))
        assert answer.headers["Allow"] == "GET, OPTIONS"

    def test_options(self):
        answer = self.assert_answers([200], get(method=b"OPTIONS"))
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
        assert answer.headers["Content-Length"] == "0"
        answer = self.assert_answers([200], get(b"*", method=b"OPTIONS"))
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
        self.assert_answers([404], get(b"/none", method=b"OPTIONS"))


class KeepAliveTests(DoorTests):
    """One connection, many requests."""

    def test_in_order_however_it_is_cut(self):
        data = (
            post(b"1") + get(b"/none") + get(method=b"HEAD") + post(b"\r\n", path=b"/x")
        )
        whole, _ = self.ask_whole([data])
        for cut in range(len(data)):
            assert self.ask_whole([data[:cut], data[cut:]])[0] == whole
        assert self.ask_whole([bytes([byte]) for byte in data])[0] == whole
        assert [answer.status for answer in parse_answers(whole, [2])] == [
            *(200, 404, 200, 200)
        ]

    def ask_whole(self, pieces):
        wire = self.door.connect()
        for piece in pieces:
            wire.send(piece)
            self.door.settle(1)
        self.door.settle()
        wire.vanish()
        return wire.take(), wire

    def test_pipelined_requests_take_a_turn_each(self):
        wire = self.door.connect().send(get() * 5)
        done = []
        for _ in range(6):
            done.append(len(parse_answers(wire.take())))
            self.door.settle(1)
        assert max(done) == 1

    def test_a_later_answer_comes_before_the_next_request(self):
        wire = self.door.connect().send(get(b"/later") + get(b"/later") + get())
        self.door.settle()
        (first,) = self.later.requests
        assert wire.take() == b""
        first.respond(200, [], b"first")
        self.door.settle()
        self.later.requests[1].respond(200, [], b"second")
        self.door.settle()
        bodies = [answer.body for answer in parse_answers(wire.take())]
        assert bodies == [b"first", b"second", b"GET /x "]

    def test_who_asks_to_close(self):
        for fields, version in (([b"Connection: close"], b"1.1"), ([], b"1.0")):
            answers, wire = self.ask(get(b"/x", *fields, version=version) + get())
            assert [answer.headers["Connection"] for answer in answers] == ["close"]
            assert wire.is_closed
            assert not wire.was_reset

    def test_http_1_0_can_ask_to_stay(self):
        data = get(b"/x", b"Connection: keep-alive", version=b"1.0")
        answers, wire = self.ask(data + data)
        assert [answer.headers["Connection"] for answer in answers] == [
            *("keep-alive", "keep-alive")
        ]
        assert not wire.is_closed

    def test_the_last_request_of_http_1_0_closes(self):
        stays = get(b"/x", b"Connection: keep-alive", version=b"1.0")
        answers, wire = self.ask(stays + get(version=b"1.0"))
        assert [answer.status for answer in answers] == [200, 200]
        assert wire.is_closed

    def test_expect_100_continue(self):
        fields = [b"Content-Length: 3", b"Expect: 100-Continue"]
        wire = self.door.connect().send(get(b"/x", *fields, method=b"POST"))
        self.door.settle()
        assert wire.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"a")
        self.door.settle()
        assert wire.take() == b""
        wire.send(b"bc")
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        assert answer.body == b"POST /x abc"

    def test_nobody_is_told_to_go_on_needlessly(self):
        expecting = b"Expect: 100-continue"
        assert self.statuses(post(b"abc", expecting))[0] == [200]
        assert self.statuses(post(b"x" * 65537, expecting))[0] == [413]
        assert self.statuses(post(b"abc", expecting, path=b"/none"))[0] == [404]
        answers, wire = self.ask(
            get(b"/x", expecting, b"Content-Length: 3", method=b"POST", version=b"1.0")
        )
        assert answers == []
        wire.vanish()

    def test_another_expectation(self):
        data = get(b"/x", b"Expect: gold", b"Content-Length: 3", method=b"POST")
        assert self.statuses(data)[0] == [417]

    def test_a_chunked_body(self):
        head = get(b"/x", b"Transfer-Encoding: chunked", method=b"POST")
        answers, _ = self.ask(
            head + b"3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\n" + get()
        )
        assert [answer.body for answer in answers] == [b"POST /x abcde", b"GET /x "]

    def test_half_closed_after_the_request(self):
        cut_body = get(b"/x", b"Content-Length: 5", method=b"POST") + b"abc"
        for data, count in (
            (get(), 1),
            (get() * 3, 3),
            (get() + b"GET /", 1),
            (get() + cut_body, 1),
            (get() + b"nonsense\r\n\r\n", 2),
            (cut_body, 0),
            (b"", 0),
        ):
            wire = self.door.connect().send(data)
            wire.end()
            self.door.settle(12)
            assert len(parse_answers(wire.take())) == count
            assert wire.is_closed
            assert not wire.was_reset

    def test_half_closed_while_the_answer_is_made(self):
        wire = self.door.connect().send(get(b"/later"))
        wire.end()
        self.clock.advance(60)
        assert not wire.is_closed
        self.later.requests[0].respond(200, [], b"late")
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        assert (answer.body, answer.headers["Connection"]) == (b"late", "close")
        assert wire.is_closed

    def test_reading_ahead_has_an_end(self):
        wire = self.door.connect().send(get(b"/later"))
        wire.send(get() * 100)
        assert wire.is_reading
        wire.send(get() * 500)
        assert not wire.is_reading
        self.later.requests[0].respond(200, [])
        self.door.settle(700)
        assert wire.is_reading
        assert len(parse_answers(wire.take())) == 601


class LostTests(DoorTests):
    """The client goes while its answer is made."""

    def test_answering_nobody_does_nothing(self):
        wire = self.door.connect().send(get(b"/later"))
        (request,) = self.later.requests
        assert not request.is_gone
        wire.vanish()
        assert request.is_gone
        request.respond(200, [], b"x" * 200_000)
        request.fail()
        request.abort()
        request.finish_stream()
        assert wire.take() == b""

    def test_what_was_asked_for_next_is_not_begun(self):
        wire = self.door.connect().send(get() + get(b"/later"))
        wire.vanish()
        self.door.settle()
        assert self.later.requests == []

    def test_answering_after_giving_way_does_nothing(self):
        wire = self.door.connect().send(get(b"/later"))
        (request,) = self.later.requests
        self.door.site.connections.all()[0].give_way()
        request.respond(200, [], b"x" * 200_000)
        self.door.settle()
        assert wire.is_closed
        assert wire.take() == b""

    def test_who_leaves_after_the_answer_was_not_lost(self):
        wire = self.door.connect().send(get(b"/later"))
        (request,) = self.later.requests
        assert request.transport is wire
        request.respond(200, [])
        with self.assertRaises(RuntimeError):
            request.transport  # noqa: B018
        wire.vanish()
        assert not request.is_gone


class StreamTests(DoorTests):
    """begin() and finish_stream(), as media streams use them."""

    def begin(self, data=None):
        wire = self.door.connect().send(data or get(b"/later") + get())
        (request,) = self.later.requests
        request.begin(206, [("Content-Range", "bytes 0-3/9")], 4)
        return wire, request

    def test_a_stream_and_the_next_request(self):
        wire, request = self.begin()
        self.door.settle()
        assert wire.take() == (
            b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/9\r\n"
            b"Content-Length: 4\r\n" + OWN_LINES + b"\r\n"
        )
        assert request.transport is wire
        request.transport.write(b"body")
        self.clock.advance(3600)  # streams have a timer of their own
        request.finish_stream()
        self.door.settle()
        assert wire.take().startswith(b"bodyHTTP/1.1 200 OK\r\n")

    def test_the_stream_may_be_the_producer(self):
        _, request = self.begin()
        request.transport.registerProducer(self, True)
        request.transport.unregisterProducer()
        request.finish_stream()
        self.door.settle()

    def test_after_a_stream_answers_keep_their_limits(self):
        wire, request = self.begin(get(b"/later"))
        request.transport.write(b"body")
        request.finish_stream()
        self.door.settle()
        wire.client_reads = False
        wire.send(get(b"/later"))
        self.later.requests[1].respond(200, [], b"x" * 1_000_000)
        assert len(wire.unsent) < 140_000

    def test_a_stream_that_closes(self):
        wire, request = self.begin(get(b"/later", b"Connection: close"))
        request.transport.write(b"body")
        request.finish_stream()
        self.door.settle()
        assert wire.take().endswith(b"Connection: close\r\n\r\nbody")
        assert wire.is_closed

    def test_an_aborted_stream(self):
        wire, request = self.begin()
        assert not request.is_gone
        request.abort()
        self.door.settle()
        assert wire.was_reset
        assert request.is_gone


class TimeTests(DoorTests):
    """Who takes too long."""

    def test_a_silent_connection(self):
        wire = self.door.connect()
        self.clock.advance(29.9)
        assert not wire.is_closed
        self.clock.advance(0.2)
        self.door.settle()
        assert wire.is_closed
        assert not wire.was_reset
        assert wire.take() == b""

    def test_silence_after_an_answer(self):
        wire = self.door.connect().send(get())
        self.clock.advance(20)
        wire.send(get())
        self.clock.advance(29.9)
        assert not wire.is_closed
        self.clock.advance(0.2)
        self.door.settle()
        assert wire.is_closed
        assert len(parse_answers(wire.take())) == 2

    def test_a_head_that_trickles(self):
        wire = self.door.connect()
        self.clock.advance(25)
        for byte in get()[:9]:
            wire.send(bytes([byte]))
            self.clock.advance(1)
            assert not wire.server_ended
        wire.send(b"T")
        self.clock.advance(1)
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        assert answer.status == 408
        assert wire.server_ended
        self.clock.advance(2)
        self.door.settle()
        assert wire.is_closed

    def test_empty_lines_do_not_hold_a_connection(self):
        wire = self.door.connect()
        for _ in range(40):
            wire.send(b"\r\n")
            self.clock.advance(1)
        self.door.settle()
        assert wire.is_closed

    def test_a_body_that_trickles(self):
        wire = self.door.connect()
        wire.send(get(b"/x", b"Content-Length: 100", method=b"POST"))
        for _ in range(10):
            wire.send(b"a")
            self.clock.advance(1)
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        assert answer.status == 408
        assert wire.server_ended

    def test_a_handler_may_take_its_time(self):
        wire = self.door.connect().send(get(b"/later"))
        self.clock.advance(300)
        self.later.requests[0].respond(200, [])
        self.door.settle()
        assert [answer.status for answer in parse_answers(wire.take())] == [200]

    def test_the_refused_may_talk_on_for_a_while(self):
        wire = self.door.connect().send(b"nonsense\r\n\r\n")
        self.door.settle()
        assert wire.server_ended
        wire.send(b"x" * 1024 * 1024)
        self.clock.advance(1.9)
        assert not wire.is_closed
        wire.send(b"x")
        self.door.settle()
        assert wire.was_reset
        assert len(parse_answers(wire.take())) == 1

    def test_the_refused_have_two_seconds(self):
        wire = self.door.connect().send(b"nonsense\r\n\r\n")
        self.clock.advance(1.9)
        assert not wire.is_closed
        self.clock.advance(0.2)
        self.door.settle()
        assert wire.is_closed


class SlowReaderTests(DoorTests):
    """Peers that do not take their answers."""

    def ask_large(self, size=1_000_000, data=None):
        self.body = bytes(range(256)) * (size // 256)
        wire = self.door.connect()
        wire.client_reads = False
        wire.send(data or get(b"/later"))
        self.later.requests[-1].respond(200, [], self.body)
        return wire

    def test_a_large_answer_goes_out_in_slices(self):
        wire = self.ask_large()
        for _ in range(40):
            assert len(wire.unsent) <= 2 * 65536 + 500
            wire.read_on()
        (answer,) = parse_answers(wire.take())
        assert answer.body == self.body
        assert wire.largest_write <= 65536

    def test_every_size_around_a_slice(self):
        for size in (65535, 65536, 65537, 131071, 131072, 131073):
            wire = self.door.connect().send(get(b"/later"))
            self.later.requests[-1].respond(200, [], b"x" * size)
            self.door.settle()
            (answer,) = parse_answers(wire.take())
            assert answer.body == b"x" * size

    def test_slow_but_steady_gets_it_all(self):
        wire = self.ask_large()
        while wire.unsent:
            self.clock.advance(29)
            wire.read_on()
        assert len(parse_answers(wire.take())) == 1
        assert not wire.is_closed

    def test_who_takes_nothing_is_ended(self):
        wire = self.ask_large()
        wire.read_on()
        self.clock.advance(29.9)
        assert not wire.was_reset
        self.clock.advance(0.2)
        assert wire.was_reset

    def test_who_takes_no_small_answer_is_ended(self):
        wire = self.door.connect()
        wire.client_reads = False
        wire.send(get())
        self.clock.pump([1] * 33)
        assert wire.was_reset

    def test_a_last_large_answer(self):
        data = get(b"/later", b"Connection: close")
        wire = self.ask_large(data=data)
        while wire.unsent:
            wire.read_on()
        self.door.settle()
        assert wire.is_closed
        assert not wire.was_reset
        assert parse_answers(wire.take())[0].body == self.body

    def test_asking_without_reading_fills_no_memory(self):
        wire = self.ask_large(300_000)
        sent = 0
        while wire.is_reading:
            wire.send(get() * 10)
            sent += 10
            assert sent < 10_000
        assert len(wire.unsent) < 200_000
        wire.client_reads = True
        wire.read_on()
        self.door.settle(2 * sent + 20)
        assert len(parse_answers(wire.take())) == 1 + sent

    def test_small_answers_that_nobody_takes_stop_the_reading(self):
        wire = self.door.connect()
        wire.client_reads = False
        for _ in range(3000):
            wire.send(get())
            self.door.settle(1)
        assert len(wire.unsent) < 70_000
        assert not wire.is_reading
        self.clock.advance(30)
        assert wire.was_reset

    def test_who_reads_again_is_answered_again(self):
        wire = self.door.connect()
        wire.client_reads = False
        for _ in range(1000):
            wire.send(get())
            self.door.settle(1)
        assert not wire.is_reading
        wire.client_reads = True
        wire.read_on()
        self.door.settle(3000)
        assert len(parse_answers(wire.take())) == 1000


class CrowdTests(DoorTests):
    """Connection caps: the oldest that waits gives way."""

    limits = Limits(connections=6, connections_per_peer=4)

    def test_silent_connections_give_way_to_who_asks(self):
        silent = [self.door.connect() for _ in range(4)]
        asking = self.door.connect().send(get())
        self.door.settle()
        assert [wire.was_reset for wire in silent] == [True, False, False, False]
        assert len(parse_answers(asking.take())) == 1

    def test_slow_heads_count_as_silent(self):
        slow = [self.door.connect().send(b"GET /") for _ in range(4)]
        assert self.statuses(get())[0] == [200]
        assert slow[0].was_reset

    def test_a_burst_never_closes_who_is_about_to_ask(self):
        asking = self.door.connect()
        burst = [self.door.connect() for _ in range(5)]
        self.door.settle(1)
        asking.send(get())
        self.door.settle()
        assert len(parse_answers(asking.take())) == 1
        assert sum(wire.was_reset for wire in burst) == 2
        assert not asking.was_reset

    def test_peers_do_not_push_each_other_out_below_the_whole_cap(self):
        tv = self.door.connect(peer="192.0.2.9")
        burst = [self.door.connect() for _ in range(8)]
        self.door.settle()
        assert not tv.was_reset
        assert sum(wire.was_reset for wire in burst) == 4

    def test_the_whole_cap(self):
        wires = [self.door.connect(peer=f"192.0.2.{i}") for i in range(10, 20)]
        self.door.settle()
        assert [wire.was_reset for wire in wires] == [True] * 4 + [False] * 6

    def test_only_busy_connections(self):
        for _ in range(4):
            self.door.connect().send(get(b"/later"))
        assert len(self.later.requests) == 4
        assert self.statuses(get())[0] == [503]
        assert self.statuses(get(), peer="192.0.2.9")[0] == [200]
        self.later.requests[0].respond(200, [])
        assert self.statuses(get())[0] == [200]

    def test_a_flood_in_one_turn_has_an_end(self):
        for number in range(10, 60):
            self.door.connect(peer=f"192.0.2.{number}")
            assert len(self.door.site.connections) <= 12

    def test_no_connection_needs_the_garbage_collector(self):
        """Thousands of them would fill memory before it runs."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for data in (b"", b"GET", get(), get(b"/later"), b"nonsense\r\n\r\n"):
            wire = self.door.connect().send(data)
            channel = weakref.ref(wire.protocol)
            self.door.settle()
            wire.vanish()
            self.later.requests.clear()
            del wire
            assert channel() is None, data

    def test_room_comes_back(self):
        for _ in range(200):
            self.door.connect().vanish()
            self.door.connect().send(b"GET /").vanish()
            self.door.connect().send(get(b"/later")).vanish()
        self.door.settle()
        assert len(self.door.site.connections) == 0
        assert self.clock.getDelayedCalls() == []


class StopTests(DoorTests):
    """The end of the server."""

    def test_waiting_connections_end_at_once(self):
        wires = [self.door.connect(), self.door.connect().send(get())]
        self.door.settle()
        stopped = self.door.site.stop(5)
        self.assertNoResult(stopped)
        self.door.settle()
        self.successResultOf(stopped)
        assert all(wire.is_closed and not wire.was_reset for wire in wires)
        assert self.door.connect() is None

    def test_answers_under_way_are_finished(self):
        wire = self.door.connect().send(get(b"/later"))
        stopped = self.door.site.stop(5)
        self.clock.advance(4)
        self.later.requests[0].respond(200, [], b"done")
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        assert (answer.body, answer.headers["Connection"]) == (b"done", "close")
        self.successResultOf(stopped)

    def test_a_body_under_way_is_awaited(self):
        head = get(b"/x", b"Content-Length: 3", method=b"POST")
        wire = self.door.connect().send(head + b"a")
        stopped = self.door.site.stop(5)
        self.clock.advance(1)
        wire.send(b"bc")
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        assert answer.body == b"POST /x abc"
        self.successResultOf(stopped)

    def test_the_grace_has_an_end(self):
        wire = self.door.connect().send(get(b"/later"))
        stopped = self.door.site.stop(5)
        self.clock.advance(5)
        self.door.settle()
        assert wire.was_reset
        self.successResultOf(stopped)

    def test_nobody_there(self):
        self.successResultOf(self.door.site.stop(5))


STATUS = re.compile(rb"HTTP/1\.1 (\d+) ")
PIECES = st.sampled_from(
    [
        get(),
        get(b"/media/1"),
        get(b"/none", method=b"HEAD"),
        post(b"abc"),
        get(b"/x", b"Transfer-Encoding: chunked", method=b"POST"),
        b"3\r\nabc\r\n0\r\n\r\n",
        b"\r\n",
        b"GET ",
        b"Content-Length: 5\r\n",
        b"\x00",
    ]
)


@settings(max_examples=200)
@given(st.lists(PIECES | st.binary(max_size=20), max_size=12), st.data())
def test_whatever_arrives_answers_are_whole(pieces, data):
    door = Door({b"/x": METHODS}, {b"/media/": {b"GET": echo}})
    wire = door.connect()
    sent = b"".join(pieces)
    while sent and not wire.is_closed:
        cut = data.draw(st.integers(1, len(sent)))
        wire.send(sent[:cut])
        sent = sent[cut:]
        door.settle(1)
    door.clock.pump([1] * 80)
    assert wire.is_closed
    assert len(door.site.connections) == 0
    assert door.clock.getDelayedCalls() == []
    received = wire.take()
    assert b"Traceback" not in received
    assert {int(status) for status in STATUS.findall(received)} <= {200, *ERRORS}
