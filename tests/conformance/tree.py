"""Everything that the server lists below its root, walked once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

DIDL = "urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/"
DC = "http://purl.org/dc/elements/1.1/"
UPNP = "urn:schemas-upnp-org:metadata-1-0/upnp/"
DLNA = "urn:schemas-dlna-org:metadata-1-0/"
PREFIXES = {DIDL: "", DC: "dc:", UPNP: "upnp:", DLNA: "dlna:"}
MOST_OBJECTS = 20_000


@dataclass(slots=True)
class Node:
    """One object as its parent's Browse listed it, with Filter "*"."""

    element: etree._Element
    listed_in: str  # the container that was browsed
    children: list["Node"] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The object's id."""
        return self.element.get("id", "")

    @property
    def is_container(self) -> bool:
        """Tell whether it is a <container>."""
        return etree.QName(self.element).localname == "container"

    @property
    def title(self) -> str:
        """The dc:title."""
        return self.element.findtext(f"{{{DC}}}title", "")

    @property
    def upnp_class(self) -> str:
        """The upnp:class."""
        return self.element.findtext(f"{{{UPNP}}}class", "")

    @property
    def resources(self) -> list[etree._Element]:
        """The <res> elements."""
        return self.element.findall(f"{{{DIDL}}}res")

    @property
    def size(self) -> int:
        """The size that the first res tells, -1 without one."""
        for resource in self.resources:
            return int(resource.get("size", "-1"))
        return -1

    def values(self, name: str) -> list[str]:
        """Return the values of a property by its CSV name, as in a Filter."""
        return values(self.element, name)


def values(element: etree._Element, name: str) -> list[str]:
    """Return the values of "dc:title", "@id" or "res@size" in an object."""
    tag, at, attribute = name.partition("@")
    if at and not tag:
        value = element.get(attribute)
        return [] if value is None else [value]
    found = [child for child in element if label(child) == tag]
    if not at:
        return [child.text or "" for child in found]
    texts = (child.get(attribute) for child in found)
    return [text for text in texts if text is not None]


def label(element: etree._Element) -> str:
    """Return an element's name with its usual prefix."""
    if not isinstance(element.tag, str):
        return ""
    name = etree.QName(element)
    prefix = PREFIXES.get(name.namespace or "")
    return name.localname if prefix is None else prefix + name.localname


@dataclass(frozen=True, slots=True)
class Tree:
    """The root's metadata and all below, parents before children."""

    root: Node
    nodes: tuple[Node, ...]
    broken: tuple[tuple[str, str], ...]  # containers that failed, and how

    @property
    def items(self) -> list[Node]:
        """All items, each once for each view that lists it."""
        return [node for node in self.nodes if not node.is_container]

    @property
    def containers(self) -> list[Node]:
        """All containers but the root."""
        return [node for node in self.nodes if node.is_container]

    def items_of(self, upnp_class: str) -> list[Node]:
        """Return the items of a class, each content once."""
        return distinct(
            node for node in self.items if derived(node.upnp_class, upnp_class)
        )

    def fullest(self) -> Node:
        """Return the container with most children."""
        return max([self.root, *self.containers], key=lambda node: len(node.children))


def derived(upnp_class: str, base: str) -> bool:
    """Tell whether a class is the base or one below it."""
    return upnp_class == base or upnp_class.startswith(f"{base}.")


def distinct(nodes: Iterable[Node]) -> list[Node]:
    """Return each item once, however many views list it."""
    found: dict[tuple[str, int], Node] = {}
    for node in nodes:
        found.setdefault((node.title, node.size), node)
    return list(found.values())
