"""The device description, and the one table of our services and their URLs.

Source: UDA 1.0 section 2.1; reference description.md sections 1 to 4. Version
1 of everything is announced, as all widely understood servers do.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from upnpserver import __version__
from upnpserver.policy import NO_NEEDS, Needs
from upnpserver.upnp.values import clean_text, cut_utf8, escape_text

DEVICE_TYPE = "urn:schemas-upnp-org:device:MediaServer:1"
DESCRIPTION_PATH = "/description.xml"
# No version of the operating system: it would tell an attacker what to try.
SERVER = f"Linux UPnP/1.0 DLNADOC/1.50 upnpserver/{__version__}"
_HERE = Path(__file__).parent  # importlib.resources costs a megabyte
MAX_FRIENDLY_NAME_BYTES = 63  # "< 64 characters"
SONY = "urn:schemas-sony-com:av"
DLNA = "urn:schemas-dlna-org:device-1-0"
SAMSUNG = "http://www.sec.co.kr/dlna"


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """One service: its short name is the key that the rest of the house uses."""

    name: str
    service_type: str
    service_id: str

    @property
    def scpd_path(self) -> str:
        """Where its SCPD is served."""
        return f"/scpd/{self.name}.xml"

    @property
    def control_path(self) -> str:
        """Where its actions are posted to."""
        return f"/control/{self.name}"

    @property
    def event_path(self) -> str:
        """Where it is subscribed to."""
        return f"/event/{self.name}"


def _standard(name: str) -> ServiceDescription:
    return ServiceDescription(
        name,
        f"urn:schemas-upnp-org:service:{name}:1",
        f"urn:upnp-org:serviceId:{name}",
    )


CONTENT_DIRECTORY = _standard("ContentDirectory")
CONNECTION_MANAGER = _standard("ConnectionManager")
# By the letter of UDA the dot would be a hyphen; the Xbox insists on the dot.
REGISTRAR = ServiceDescription(
    "X_MS_MediaReceiverRegistrar",
    "urn:microsoft.com:service:X_MS_MediaReceiverRegistrar:1",
    "urn:microsoft.com:serviceId:X_MS_MediaReceiverRegistrar",
)
SERVICES = (CONTENT_DIRECTORY, CONNECTION_MANAGER, REGISTRAR)


@dataclass(frozen=True, slots=True)
class Icon:
    """One icon of the device; source: DLNA, small 48 and large 120 pixels."""

    mime: str
    size: int  # width and height in pixels
    suffix: str

    @property
    def path(self) -> str:
        """Where it is served: a path only, as VLC glues host and path itself."""
        return f"/icon/{self.size}.{self.suffix}"

    def content(self) -> bytes:
        """Return the picture."""
        return (_HERE / "icons" / f"{self.size}.{self.suffix}").read_bytes()


ICONS = (
    Icon("image/png", 48, "png"),
    Icon("image/png", 120, "png"),
    Icon("image/jpeg", 48, "jpg"),
    Icon("image/jpeg", 120, "jpg"),
)


def scpd(service: ServiceDescription) -> bytes:
    """Return the service's SCPD document."""
    return (_HERE / "scpd" / f"{service.name}.xml").read_bytes()


class _Names(NamedTuple):
    """What the device says that it is."""

    manufacturer: str
    model: str
    model_number: str
    suffix: str = ""  # of the friendly name


_OWN_NAMES = _Names("upnpserver", "upnpserver", __version__)
# The Xbox 360 lists no other servers, and none without a colon in its name. Kodi
# skips the root of a server with these names, so they are for the Xbox only.
_XBOX_NAMES = _Names(
    *("Microsoft Corporation", "Windows Media Player Sharing", "12.0"), " : 1"
)


def build_description(friendly_name: str, udn: str, needs: Needs = NO_NEEDS) -> bytes:
    """Return the device description; udn is "uuid:" and the UUID.

    needs: of the device that reads it; see reference description.md section 2.
    """
    names = _XBOX_NAMES if needs.description == "xbox" else _OWN_NAMES
    most = MAX_FRIENDLY_NAME_BYTES - len(names.suffix)
    name = cut_utf8(clean_text(friendly_name), most) + names.suffix
    uuid = udn.removeprefix("uuid:")
    return "".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>\n',
            '<root xmlns="urn:schemas-upnp-org:device-1-0">',
            "<specVersion><major>1</major><minor>0</minor></specVersion>",
            f"<device><deviceType>{DEVICE_TYPE}</deviceType>",
            f"<friendlyName>{escape_text(name)}</friendlyName>",
            f"<manufacturer>{names.manufacturer}</manufacturer>",
            "<modelDescription>Media server for homes without a cloud"
            "</modelDescription>",
            f"<modelName>{names.model}</modelName>",
            f"<modelNumber>{names.model_number}</modelNumber>",
            f"<serialNumber>{uuid}</serialNumber>",
            f"<UDN>{udn}</UDN>",
            "<iconList>",
            *map(_icon, ICONS),
            "</iconList><serviceList>",
            *map(_service, SERVICES),
            "</serviceList><presentationURL>/</presentationURL>",
            _vendor_elements(),
            _samsung_elements(needs) if needs.description == "samsung-caps" else "",
            "</device></root>",
        )
    ).encode()


def _vendor_elements() -> str:
    """Return what DLNA TVs and Sony's players look for.

    Each declares its prefix itself: parsers that read no namespaces cope best.
    """
    dlna = "".join(
        f'<dlna:X_DLNADOC xmlns:dlna="{DLNA}">{kind}-1.50</dlna:X_DLNADOC>'
        for kind in ("DMS", "M-DMS")
    )
    sony = f'<av:aggregationFlags xmlns:av="{SONY}">10</av:aggregationFlags>'
    return dlna + sony


def _samsung_elements(needs: Needs) -> str:
    """Return what lets Samsung's TVs ask for subtitles, and set bookmarks."""
    dcm10 = ["DCM10"] if needs.dcm10 else []
    can = ",".join(("smi", *dcm10, "getMediaInfo.sec", "getCaptionInfo.sec"))
    return "".join(
        f'<sec:{name} xmlns:sec="{SAMSUNG}">{can}</sec:{name}>'
        for name in ("ProductCap", "X_ProductCap")
    )


def _icon(icon: Icon) -> str:
    return (
        f"<icon><mimetype>{icon.mime}</mimetype><width>{icon.size}</width>"
        f"<height>{icon.size}</height><depth>24</depth><url>{icon.path}</url></icon>"
    )


def _service(service: ServiceDescription) -> str:
    return (
        f"<service><serviceType>{service.service_type}</serviceType>"
        f"<serviceId>{service.service_id}</serviceId>"
        f"<SCPDURL>{service.scpd_path}</SCPDURL>"
        f"<controlURL>{service.control_path}</controlURL>"
        f"<eventSubURL>{service.event_path}</eventSubURL></service>"
    )
