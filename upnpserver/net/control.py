"""The SOAP door: POST /control/SERVICE in, an action's answer or its fault out.

Every error of an action becomes a fault here, and only here. A client that is
refused by a 500 without a fault, or told an exception's text, learns nothing
or too much.

Source: UDA 1.0 section 3.2; reference description.md section 6.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.errors import (
    ActionError,
    InvalidAction,
    MalformedRequest,
    RefusedRequest,
)
from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.upnp.description import SERVICES
from upnpserver.upnp.soap import build_fault, build_response, parse_call

OutArguments = Sequence[tuple[str, str | bytes]]

# EXT is required in answers to a control message: UDA 1.0 section 3.2.1.
HEADERS = (("Content-Type", 'text/xml; charset="utf-8"'), ("EXT", ""))

# Escaping and encoding a million characters takes 6 ms: a page of some
# hundred objects is written at once, all 10,000 of a folder in a thread.
LARGE_CHARACTERS = 256 * 1024

_TYPE = re.compile(r"(.+):(\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Service:
    """One service: call(action, arguments, request) gives the out arguments.

    At once or later; ActionError is its way to fail.
    """

    service_type: str
    call: Callable[
        [str, Mapping[str, str], ServerRequest], OutArguments | Deferred[OutArguments]
    ]

    def understands(self, service_type: str) -> bool:
        """Tell whether a call to service_type is for this one.

        A control point may know an older version only, or not say the type.
        """
        asked, own = _TYPE.fullmatch(service_type), _TYPE.fullmatch(self.service_type)
        if asked is None or own is None:
            return not service_type
        return asked[1] == own[1] and int(asked[2]) <= int(own[2])


class Control:
    """Answers the control URLs of services, keyed by their short names.

    in_thread: runs a function in a thread. failures: how many calls ended in
    an error that was nobody's intention.
    """

    log = Logger()

    def __init__(
        self,
        services: Mapping[str, Service],
        in_thread: Callable[[Callable[[], bytes]], Deferred[bytes]],
    ) -> None:
        self._services, self._in_thread = services, in_thread
        self.failures = 0

    def routes(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers by path and method."""
        return {
            description.control_path.encode(): {
                b"POST": partial(self.answer, self._services[description.name])
            }
            for description in SERVICES
            if description.name in self._services
        }

    def answer(self, service: Service, request: ServerRequest) -> None:
        """Answer one call, now or when the service has its result."""
        try:
            call = parse_call(request.header(b"soapaction"), request.body)
            if not service.understands(call.service_type):
                raise InvalidAction(call.service_type)
            result = service.call(call.action, call.arguments, request)
            if isinstance(result, Deferred):
                result.addCallback(partial(self._send, service, call.action, request))
                result.addErrback(partial(self._fail_later, request))
            else:
                self._send(service, call.action, request, result)
        except Exception as error:  # one call's error must not reach another
            self._fail(request, error)

    def _send(
        self,
        service: Service,
        action: str,
        request: ServerRequest,
        result: OutArguments,
    ) -> None:
        declared = "no-declaration" not in request.policy.needs.xml
        build = partial(
            build_response, service.service_type, action, result, declared=declared
        )
        if sum(len(value) for _, value in result) < LARGE_CHARACTERS:
            request.respond(200, HEADERS, build())
            return
        built = self._in_thread(build)
        built.addCallback(partial(request.respond, 200, HEADERS))
        built.addErrback(partial(self._fail_later, request))

    def _fail_later(self, request: ServerRequest, failure: Failure) -> None:
        try:
            failure.raiseException()
        except Exception as error:  # the same call, some turns later
            self._fail(request, error)

    def _fail(self, request: ServerRequest, error: Exception) -> None:
        """Answer what went wrong; called while error is being handled."""
        if isinstance(error, MalformedRequest):
            request.refuse(RefusedRequest(400, "Not a SOAP call."))
            return
        if not isinstance(error, ActionError):
            self.failures += 1
            self.log.failure("a call failed")
            error = ActionError()
        request.respond(500, HEADERS, build_fault(error.code, error.description))
