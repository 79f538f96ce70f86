"""The SOAP door, with services that answer, refuse, fail and take their time."""

from http_wire import OWN_LINES, Door, parse_answers
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.errors import InvalidArgs, NoSuchObject
from upnpserver.net.control import LARGE_CHARACTERS, Control, Service
from upnpserver.upnp.soap import build_fault, build_response

TYPE = "urn:schemas-upnp-org:service:ContentDirectory:1"
BODY = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<u:Browse xmlns:u="urn:schemas-upnp-org:service:ContentDirectory:1">'
    b"<ObjectID>0</ObjectID><Filter>*</Filter></u:Browse></s:Body></s:Envelope>"
)
RESULT = [("Result", "<DIDL-Lite/>"), ("NumberReturned", "0")]


def post(body=BODY, action=f'"{TYPE}#Browse"', path="/control/ContentDirectory"):
    fields = ["Host: 192.0.2.1:8200", f"Content-Length: {len(body)}"]
    if action is not None:
        fields.append(f"SOAPACTION: {action}")
    head = "\r\n".join([f"POST {path} HTTP/1.1", *fields, "", ""])
    return head.encode() + body


class ControlTests(SynchronousTestCase):
    def setUp(self):
        self.calls, self.result, self.in_thread = [], RESULT, []
        services = {"ContentDirectory": Service(TYPE, self.call)}
        self.control = Control(services, self.run_in_thread)
        self.door = Door(self.control.routes())

    def call(self, action, arguments, request):
        self.calls.append((action, arguments, request.base_url))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def run_in_thread(self, function):
        done = Deferred()
        self.in_thread.append((function, done))
        return done

    def send(self, data):
        self.wire = self.door.connect().send(data)
        self.door.settle(30)
        return self.wire.take()

    def ask(self, data):
        (answer,) = parse_answers(self.send(data))
        return answer

    def assert_fault(self, code, description, answer):
        assert answer.status == 500
        assert answer.headers["Content-Type"] == 'text/xml; charset="utf-8"'
        assert answer.body == build_fault(code, description)

    def test_an_answer_byte_for_byte(self):
        body = build_response(TYPE, "Browse", RESULT)
        assert self.send(post()) == (
            b'HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset="utf-8"\r\nEXT:\r\n'
            + b"Content-Length: %d\r\n" % len(body)
            + OWN_LINES
            + b"\r\n"
            + body
        )
        arguments = {"ObjectID": "0", "Filter": "*"}
        assert self.calls == [("Browse", arguments, "http://192.0.2.1:8200")]

    def test_a_fault_byte_for_byte(self):
        self.result = NoSuchObject("/secret/path of an item")
        body = build_fault(701, "No such object")
        assert self.send(post()) == (
            b"HTTP/1.1 500 Internal Server Error\r\n"
            b'Content-Type: text/xml; charset="utf-8"\r\nEXT:\r\n'
            + b"Content-Length: %d\r\n" % len(body)
            + OWN_LINES
            + b"\r\n"
            + body
        )
        assert not self.wire.is_closed

    def test_a_result_that_comes_later(self):
        self.result = later = Deferred()
        wire = self.door.connect().send(post())
        self.door.settle()
        assert wire.take() == b""
        later.callback(RESULT)
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        assert answer.body == build_response(TYPE, "Browse", RESULT)

    def test_a_fault_that_comes_later(self):
        self.result = fail(InvalidArgs("what"))
        self.assert_fault(402, "Invalid Args", self.ask(post()))
        assert self.control.failures == 0

    def test_an_error_of_ours_is_logged_and_counted(self):
        for count, result in enumerate((KeyError("title"), fail(KeyError("title"))), 1):
            self.result = result
            self.assert_fault(501, "Action Failed", self.ask(post()))
            assert len(self.flushLoggedErrors(KeyError)) == 1
            assert self.control.failures == count
            assert not self.wire.is_closed

    def test_nobody_waits_for_the_result_any_more(self):
        for outcome in ("callback", "errback"):
            self.result = later = Deferred()
            wire = self.door.connect().send(post())
            wire.vanish()
            argument = RESULT if outcome == "callback" else NoSuchObject()
            getattr(later, outcome)(argument)
            self.door.settle()
            assert wire.take() == b""

    def test_what_is_no_soap(self):
        for body in (b"", b"<", b"<a/>", b"\x00\xff", BODY + b"<", b"x" * 60_000):
            answer = self.ask(post(body))
            assert (answer.status, answer.body) == (400, b"Not a SOAP call.\n")
        assert self.calls == []

    def test_an_entity_bomb(self):
        bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbb">]>' + BODY
        assert self.ask(post(bomb)).status == 400

    def test_careless_headers(self):
        for action in (None, f"{TYPE}#Browse", f"'{TYPE}#Browse'", '""'):
            assert self.ask(post(action=action)).status == 200
        assert len(self.calls) == 4

    def test_a_call_for_another_service(self):
        for service_type in (
            "urn:schemas-upnp-org:service:ConnectionManager:1",
            "urn:schemas-upnp-org:service:ContentDirectory:2",
            "urn:schemas-upnp-org:service:ContentDirectory",
            "x",
        ):
            answer = self.ask(post(action=f'"{service_type}#Browse"'))
            self.assert_fault(401, "Invalid Action", answer)
        assert self.calls == []

    def test_header_and_body_that_disagree(self):
        answer = self.ask(post(action=f'"{TYPE}#Search"'))
        self.assert_fault(401, "Invalid Action", answer)

    def test_only_post(self):
        get = post().replace(b"POST", b"GET", 1)
        m_post = post().replace(b"POST", b"M-POST", 1)
        assert [self.ask(get).status, self.ask(m_post).status] == [501, 501]
        assert self.ask(post(path="/control/Other")).status == 404

    def test_a_large_result_is_written_in_a_thread(self):
        for deferred in (False, True):
            result = [("Result", "<é&" * LARGE_CHARACTERS), ("NumberReturned", "9")]
            self.result = succeed(result) if deferred else result
            wire = self.door.connect().send(post())
            self.door.settle()
            assert wire.take() == b""
            function, done = self.in_thread.pop()
            done.callback(function())
            self.door.settle(60)
            (answer,) = parse_answers(wire.take())
            assert answer.status == 200
            assert answer.body == build_response(TYPE, "Browse", result)
            assert wire.largest_write <= 65536

    def test_a_large_result_that_fails_to_be_written(self):
        self.result = [("Result", "x" * LARGE_CHARACTERS)]
        wire = self.door.connect().send(post())
        _, done = self.in_thread.pop()
        done.errback(MemoryError())
        self.door.settle()
        (answer,) = parse_answers(wire.take())
        self.assert_fault(501, "Action Failed", answer)
        assert len(self.flushLoggedErrors(MemoryError)) == 1
