from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from support.escaped import plain

from upnpserver.model import Entry
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING, parse_filter
from upnpserver.upnp.values import clean_text

NAMES = {
    "d": "urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "upnp": "urn:schemas-upnp-org:metadata-1-0/upnp/",
}
TRACK = didl.pack(
    "A & B",
    "object.item.audioItem.musicTrack",
    [("dc:creator", "<Me>"), ("upnp:artist@role=Composer", 'J "S" B')],
    [
        didl.Res(
            path="/media/x/audio.mp3",
            protocol_info="http-get:*:audio/mpeg:*",
            size_bytes=5,
            duration_ms=61_500,
            bitrate_bps=128_000,
        )
    ],
)
ITEM = Entry(False, "r$x$all", "all", TRACK, ref_id="i$x")
FOLDER = Entry(
    True, "folder$a", "folder$", didl.pack("F", "object.container"), child_count=3
)
HEAD = plain(didl.write((), EVERYTHING, "")).removesuffix("</DIDL-Lite>")


def document(entry, wanted="*"):
    written = didl.write((entry,), parse_filter(wanted), "http://192.0.2.1:8200")
    return plain(written)


def test_item_with_everything_to_the_letter():
    assert document(ITEM) == (
        f'{HEAD}<item id="r$x$all" parentID="all" restricted="1" refID="i$x">'
        "<dc:title>A &amp; B</dc:title>"
        "<upnp:class>object.item.audioItem.musicTrack</upnp:class>"
        "<dc:creator>&lt;Me&gt;</dc:creator>"
        '<upnp:artist role="Composer">J "S" B</upnp:artist>'
        '<res protocolInfo="http-get:*:audio/mpeg:*" size="5" duration="0:01:01.500"'
        ' bitrate="16000">http://192.0.2.1:8200/media/x/audio.mp3</res>'
        "</item></DIDL-Lite>"
    )


def test_empty_filter_leaves_what_is_required():
    assert document(ITEM, "") == (
        f'{HEAD}<item id="r$x$all" parentID="all" restricted="1">'
        "<dc:title>A &amp; B</dc:title>"
        "<upnp:class>object.item.audioItem.musicTrack</upnp:class>"
        "</item></DIDL-Lite>"
    )


def test_filter_of_one_attribute_brings_its_element():
    assert (
        '<res protocolInfo="http-get:*:audio/mpeg:*" size="5">'
        "http://192.0.2.1:8200/media/x/audio.mp3</res></item>"
    ) in document(ITEM, "res@size")


def test_container_attributes_follow_the_filter():
    head = f'{HEAD}<container id="folder$a" parentID="folder$" restricted="1"'
    assert document(FOLDER).startswith(f'{head} searchable="1" childCount="3">')
    assert document(FOLDER, "@childCount").startswith(f'{head} childCount="3">')
    assert document(FOLDER, "dc:title").startswith(f"{head}>")


def test_long_titles_are_cut_at_256_bytes_of_whole_characters():
    entry = Entry(False, "i$x", "0", didl.pack("é" * 300, "object.item"))
    title = etree.fromstring(document(entry)).findtext(".//dc:title", None, NAMES)
    assert title == "é" * 128


@given(
    st.text(st.characters(codec=None), max_size=60),
    st.text(st.characters(codec=None), max_size=60),
)
def test_any_text_comes_back_from_a_strict_parser(title, artist):
    entry = Entry(
        False, "i$x", "0", didl.pack(title, "object.item", [("upnp:artist", artist)])
    )
    tree = etree.fromstring(document(entry))
    assert (tree.findtext(".//dc:title", None, NAMES) or "") == clean_text(
        title
    ).replace("\r\n", "\n").replace("\r", "\n")
    assert tree.find(".//upnp:artist", NAMES) is not None
