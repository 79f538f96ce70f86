"""Why a device does or doesn't get a file, and in which forms: upnpserver explain.

Asks the same function that answers Browse, so it can't tell anything else. Pure,
but for the catalog that it is given.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from xml.etree import ElementTree

from upnpserver.devices.family import Family
from upnpserver.devices.named import NamedDevice, rule_of
from upnpserver.dlna.converted import CONVERTED_PATH, able, can_take_out
from upnpserver.dlna.protocolinfo import profile_in
from upnpserver.errors import ConfigError, NoSuchObject
from upnpserver.model import CataloguedFile, MediaFacts, SeenDevice
from upnpserver.policy import ClientPolicy
from upnpserver.reports import uses
from upnpserver.services import content_directory
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.content_directory import Asker
from upnpserver.upnp.values import unescape_text

SERVER = "http://SERVER"  # stands for the address by which the device comes in
_DIDL = "{urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/}"
_UPNP = "{urn:schemas-upnp-org:metadata-1-0/upnp/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_FLAGS = re.compile(r"DLNA\.ORG_FLAGS=([0-9A-F]{8})")
_FLAG_NAMES = (
    (0x01000000, "streaming"),
    (0x00800000, "interactive"),
    (0x00400000, "background"),
    (0x00200000, "pause by stalling"),
)
_SEEK = (
    ("DLNA.ORG_OP=01", "by bytes"),
    ("DLNA.ORG_OP=10", "by time"),
    ("DLNA.ORG_OP=11", "by bytes and time"),
)


class Files(Catalog, Protocol):
    """What is asked of the catalog: catalog.reader.Reader."""

    def file_at(self, path: bytes) -> CataloguedFile | None:
        """Return what is known of the file at an absolute path."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A device as it is known: its rule's id, name and reason, and what it gets.

    lacks_ffmpeg: it would get something in another form if ffmpeg were there.
    """

    id: str
    name: str
    reason: str
    policy: ClientPolicy
    lacks_ffmpeg: bool = False


def rule_for(
    device: str,
    seen: Sequence[SeenDevice],
    families: Sequence[Family],
    named: Sequence[NamedDevice],
    letters_from: int,
) -> Rule:
    """Return the rule of a device.

    device: the id of a family, the name, address or MAC address of one in the
    configuration, or the address or MAC address of one that was seen. Raises
    ConfigError.
    """
    wanted = device.lower()
    by_id = {family.id: family for family in families}
    own = next((one for one in named if wanted in _called(one)), None)
    was = next((one for one in seen if wanted in {one.address, one.mac}), None)
    family, needs = rule_of(by_id, was.family if was else wanted, own)
    if family is None and own is None and was is None and wanted != "generic":
        raise ConfigError(
            f"no device {device!r}: name a rule (upnpserver devices --rules), or the "
            "address of a device that was seen (upnpserver devices)"
        )
    policy = ClientPolicy(family.id if family else "generic", needs, letters_from)
    if family is None:
        return Rule("generic", "a device without a rule", "", policy)
    return Rule(family.id, family.name, family.reason, policy)


def able_to(rule: Rule, encoders: Collection[str]) -> Rule:
    """Return a rule as far as it can be followed with these encoders of ffmpeg."""
    needs = able(rule.policy.needs, encoders)
    policy = replace(rule.policy, needs=needs, takes_out=can_take_out(encoders))
    lacks = bool(rule.policy.needs.instead) and not encoders
    return replace(rule, policy=policy, lacks_ffmpeg=lacks)


def _called(one: NamedDevice) -> set[str]:
    return {one.name.lower(), *map(str, one.addresses), *one.macs} - {""}


@dataclass(frozen=True, slots=True)
class Told:
    """One res as Browse sends it."""

    url: str
    protocol_info: str

    @property
    def mime(self) -> str:
        """The third field."""
        return self.protocol_info.split(":", 3)[2]

    @property
    def features(self) -> str:
        """The fourth field."""
        return self.protocol_info.split(":", 3)[3]


def explain(catalog: Files, path: bytes, rule: Rule) -> tuple[str, bool]:
    """Return the lines that tell it all, and whether the device gets the file."""
    shown = path.decode("utf-8", "replace")
    head = [f"Device  {rule.name} [{rule.id}]", f"File    {shown}"]
    head += [f"        {rule.reason}"] if rule.reason else []
    file = catalog.file_at(path)
    if file is None or not file.object_id:
        return "\n".join([*head, "", *_why_not(file)]), False
    if file.facts is not None and file.facts.kind not in rule.policy.needs.kinds:
        kinds = ", ".join(sorted(rule.policy.needs.kinds))
        why = f"Not shown at the top: this device plays {kinds} only (rule {rule.id})."
        return "\n".join([*head, "", why]), False
    try:
        told = browsed(catalog, file.object_id, rule.policy)
    except NoSuchObject:
        return "\n".join([*head, "", "It is not shown to this device."]), False
    lines = [*head, "", f"Title   {told.title}", f"Class   {told.upnp_class}"]
    for resource in told.resources:
        lines += ["", *_resource_lines(resource)]
    lines += ["", *_rule_lines(rule)]
    lines += [f"Help    {line}" for line in _helps(file.facts, told.resources, rule)]
    return "\n".join(lines), True


@dataclass(frozen=True, slots=True)
class Browsed:
    """One object as Browse sends it."""

    title: str
    upnp_class: str
    resources: tuple[Told, ...]


def browsed(catalog: Catalog, object_id: str, policy: ClientPolicy) -> Browsed:
    """Return an object as BrowseMetadata sends it. Raises NoSuchObject."""
    arguments = {
        "ObjectID": object_id,
        "BrowseFlag": "BrowseMetadata",
        "Filter": "*",
        "StartingIndex": "0",
        "RequestedCount": "0",
        "SortCriteria": "",
    }
    asker = Asker(policy, SERVER)
    answer = dict(content_directory.call("Browse", arguments, catalog, asker))
    result = answer["Result"]
    assert isinstance(result, bytes)
    document = unescape_text(result.decode())
    (element,) = ElementTree.fromstring(document)  # noqa: S314 - it is our own
    return Browsed(
        element.findtext(f"{_DC}title", ""),
        element.findtext(f"{_UPNP}class", ""),
        tuple(
            Told(resource.text or "", resource.get("protocolInfo", ""))
            for resource in element.iter(f"{_DIDL}res")
        ),
    )


def _why_not(file: CataloguedFile | None) -> Iterator[str]:
    if file is None:
        yield "It is not in the catalog: no folder of a library holds it, its name is"
        yield "of no known kind, or it was not scanned yet."
        yield "Help    name its folder in the configuration; see upnpserver scan."
    elif file.problem:
        yield f"It can't be shown to anybody: {file.problem}."
        yield "Help    it is tried again when the file changes."
    elif file.facts is None:
        yield "It lies beside media (a cover, subtitles, an NFO file), and is told"
        yield "with that; by itself it is nothing to play."
    else:
        yield f"Its library leaves out {file.facts.kind} (kinds in the configuration)."


def _resource_lines(resource: Told) -> Iterator[str]:
    yield f"res     {resource.url.removeprefix(SERVER)}"
    yield f"        {resource.protocol_info}"
    profile = profile_in(resource.features)
    yield f"        MIME name {resource.mime}, profile {profile or 'none'}"
    flags = _FLAGS.search(resource.features)
    if flags:
        number = int(flags[1], 16)
        names = [name for bit, name in _FLAG_NAMES if number & bit]
        seek = next((told for op, told in _SEEK if op in resource.features), "not told")
        yield f"        seek {seek}; {', '.join(names)}"
    if resource.url.startswith(f"{SERVER}{CONVERTED_PATH}"):
        yield "        converted by ffmpeg while it is sent"


def _rule_lines(rule: Rule) -> Iterator[str]:
    changes = uses(rule.policy.needs)
    if not changes:
        yield "Rule    nothing is changed for this device"
    for number, (name, value) in enumerate(sorted(changes.items())):
        yield f"{'' if number else 'Rule':<8}{name} = {value}"


def _helps(
    facts: MediaFacts | None, resources: Sequence[Told], rule: Rule
) -> Iterator[str]:
    needs = rule.policy.needs
    if rule.lacks_ffmpeg:
        yield "what it can't play is converted for it once ffmpeg is installed"
    if facts is None:
        return
    if needs.dlna and not any(profile_in(one.features) for one in resources):
        coded = " ".join(
            word
            for word in (facts.container, facts.video_codec, facts.audio_codec)
            if word
        )
        yield f"no DLNA profile fits ({coded or facts.mime}); most devices go by the"
        yield "MIME name; some strict ones leave such a file out"
    yield f'change it for this device: [[device]] with rule = "{rule.id}" and use.…'
