"""The device description and the SCPDs, as lxml elements with short names."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree

from conformance.checks import Failed, NotOffered

DEVICE = "urn:schemas-upnp-org:device-1-0"
SERVICE = "urn:schemas-upnp-org:service-1-0"
CDS, CMS, REGISTRAR = (
    "ContentDirectory",
    "ConnectionManager",
    "X_MS_MediaReceiverRegistrar",
)


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the description; paths are made absolute."""

    name: str
    type: str
    id: str
    scpd_path: str
    control_path: str
    event_path: str


@dataclass(frozen=True, slots=True)
class Device:
    """The root device."""

    root: etree._Element
    element: etree._Element
    services: dict[str, Service]

    def text(self, name: str) -> str:
        """Return the text of the device's own element, "" without it."""
        return self.element.findtext(f"{{{DEVICE}}}{name}", "")

    @property
    def type(self) -> str:
        """The deviceType."""
        return self.text("deviceType")

    @property
    def udn(self) -> str:
        """The UDN: uuid:..."""
        return self.text("UDN")

    def service(self, name: str) -> Service:
        """Return a service by the name in its type."""
        if name not in self.services:
            raise NotOffered(f"no service {name}")
        return self.services[name]


def read_device(root: etree._Element, location: str) -> Device:
    """Return what the description says."""
    element = root.find(f"{{{DEVICE}}}device")
    if element is None:
        raise Failed("no <device> in the description")
    services = {}
    for part in element.iterfind(f"{{{DEVICE}}}serviceList/{{{DEVICE}}}service"):
        fields = [
            part.findtext(f"{{{DEVICE}}}{name}", "")
            for name in (
                "serviceType",
                "serviceId",
                "SCPDURL",
                "controlURL",
                "eventSubURL",
            )
        ]
        name = fields[0].split(":")[-2] if fields[0].count(":") >= 2 else fields[0]
        paths = [urlsplit(urljoin(location, url)) for url in fields[2:]]
        services[name] = Service(
            name,
            fields[0],
            fields[1],
            *(p.path + (f"?{p.query}" if p.query else "") for p in paths),
        )
    return Device(root, element, services)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an action in the SCPD."""

    name: str
    direction: str
    variable: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One row of the service state table."""

    name: str
    type: str
    evented: str
    allowed: tuple[str, ...]
    default: str | None


@dataclass(frozen=True, slots=True)
class Scpd:
    """One service description; lists keep duplicates, to be found by checks."""

    root: etree._Element
    actions: tuple[tuple[str, tuple[Argument, ...]], ...]
    variables: tuple[Variable, ...]

    def arguments(self, action: str) -> tuple[Argument, ...]:
        """Return an action's arguments; NotOffered without the action."""
        for name, arguments in self.actions:
            if name == action:
                return arguments
        raise NotOffered(f"no action {action}")

    def variable(self, name: str) -> Variable:
        """Return a state variable; NotOffered without it."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise NotOffered(f"no state variable {name}")


def read_scpd(root: etree._Element) -> Scpd:
    """Return the actions and variables of an SCPD."""
    namespaces = {"s": SERVICE}
    actions = tuple(
        (
            _text(action, "name"),
            tuple(
                Argument(
                    _text(argument, "name"),
                    _text(argument, "direction"),
                    _text(argument, "relatedStateVariable"),
                )
                for argument in action.iterfind("s:argumentList/s:argument", namespaces)
            ),
        )
        for action in root.iterfind("s:actionList/s:action", namespaces)
    )
    variables = tuple(
        Variable(
            _text(variable, "name"),
            _text(variable, "dataType"),
            variable.get("sendEvents", "yes"),  # the schema's default
            tuple(
                value.text or ""
                for value in variable.iterfind(
                    "s:allowedValueList/s:allowedValue", namespaces
                )
            ),
            variable.findtext("s:defaultValue", None, namespaces),
        )
        for variable in root.iterfind("s:serviceStateTable/s:stateVariable", namespaces)
    )
    return Scpd(root, actions, variables)


def _text(element: etree._Element, name: str) -> str:
    return element.findtext(f"{{{SERVICE}}}{name}", "")
