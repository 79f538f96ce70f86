"""Device icons. Source: UDA 1.0 section 2.1; DLNA guidelines; description.md."""

import io

from PIL import Image

from conformance.checks import Group, NotOffered, equal, none, true
from conformance.device import DEVICE
from conformance.subject import Subject
from conformance.wire import Response

check = Group("Icons")
UDA = "UDA 1.0 section 2.1"
DLNA = "DLNA guidelines 7.2.5 (icons); reference description.md section 4"
WANTED = {
    "PNG 48": ("image/png", 48),
    "PNG 120": ("image/png", 120),
    "JPEG 48": ("image/jpeg", 48),
    "JPEG 120": ("image/jpeg", 120),
}
FIELDS = ("mimetype", "width", "height", "depth", "url")
Icon = dict[str, str]


def icons(server: Subject) -> list[Icon]:
    """Return the icons as the description tells them."""
    found = [
        {child.tag.removeprefix(f"{{{DEVICE}}}"): child.text or "" for child in icon}
        for icon in server.device.element.iterfind(
            f"{{{DEVICE}}}iconList/{{{DEVICE}}}icon"
        )
    ]
    if not found:
        raise NotOffered("no icons")
    return found


def wanted(server: Subject, mime: str, size: int) -> Icon:
    for icon in icons(server):
        if (icon["mimetype"], icon["width"]) == (mime, str(size)):
            return icon
    raise NotOffered(f"no {mime} of {size}")


def fetched(server: Subject, mime: str, size: int, method: str = "GET") -> Response:
    path = wanted(server, mime, size)["url"]
    if path.startswith("http"):
        path = "/" + path.split("/", 3)[3]
    return server.request(method, path)


@check(DLNA, WANTED)
def is_listed(server, mime, size):
    """DLNA's small and large icons are listed, as PNG and JPEG."""
    found = [
        (icon["mimetype"], icon["width"], icon["height"]) for icon in icons(server)
    ]
    true((mime, str(size), str(size)) in found, f"icons: {found}")


@check(UDA)
def fields(server):
    """Each icon has its five elements in the schema's order."""
    none([icon for icon in icons(server) if tuple(icon) != FIELDS], "fields")


@check(UDA)
def numbers(server):
    """Width, height and depth are whole numbers above 0."""
    wrong = [
        icon
        for icon in icons(server)
        if not all(icon[name].isdigit() and int(icon[name]) for name in FIELDS[1:4])
    ]
    none(wrong, "numbers")


@check("reference control-points.md (VLC)")
def urls_are_paths(server):
    """An icon's url is an absolute path: VLC puts the host before it."""
    none([icon for icon in icons(server) if not icon["url"].startswith("/")], "url")


@check(UDA, WANTED)
def can_be_fetched(server, mime, size):
    """GET of the icon gives 200."""
    equal(fetched(server, mime, size).status, 200)


@check(UDA, WANTED)
def content_type(server, mime, size):
    """Content-Type is the mimetype that the description tells."""
    equal(fetched(server, mime, size).header("Content-Type"), mime)


@check(UDA, WANTED)
def content_length(server, mime, size):
    """Content-Length is that of the picture."""
    response = fetched(server, mime, size)
    equal(response.header("Content-Length"), str(len(response.body)))


@check(UDA, WANTED)
def is_such_a_picture(server, mime, size):
    """The picture has the type and the size that are told."""
    with Image.open(io.BytesIO(fetched(server, mime, size).body)) as picture:
        equal(picture.size, (size, size))
        equal(f"image/{(picture.format or '').lower()}", mime)


@check("RFC 9110 section 9.3.2", WANTED)
def head(server, mime, size):
    """HEAD of the icon gives the headers of GET."""
    response = fetched(server, mime, size, "HEAD")
    equal(response.status, 200)
    equal(response.header("Content-Type"), mime)
