"""A PIN entered by browsing, and a catalog that says why there is nothing."""

import pytest
from support.browse_call import browse_arguments
from support.made_up_files import household_catalog

from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.model import Window
from upnpserver.policy import EVERYONE
from upnpserver.services.content_directory import Asker, call
from upnpserver.services.notice import Notice
from upnpserver.services.unlock import WithPinDoor
from upnpserver.upnp.criteria import parse_criteria

ALL = Window(0, 0)


class Door:
    """Opens for one PIN; says what was tried."""

    title, length = "Enter the PIN", 4

    def __init__(self):
        self.tries, self.pause = [], ""

    def refusal(self):
        return self.pause

    def tried(self, pin):
        self.tries.append(pin)
        return "open" if pin == "4721" else "wrong"


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with household_catalog(tmp_path_factory.mktemp("unlock")) as opened:
        yield opened


@pytest.fixture
def door():
    return Door()


@pytest.fixture
def catalog(reader, door):
    return WithPinDoor(reader, door)


def ids(page):
    return [entry.object_id for entry in page.entries]


def children(catalog, object_id, window=ALL):
    return catalog.children(object_id, window, (), EVERYONE)


def test_the_root_has_one_folder_more_at_its_end(catalog, reader):
    plain = children(reader, "0")
    page = children(catalog, "0")
    assert ids(page) == [*ids(plain), "pin$"]
    assert page.total == plain.total + 1
    assert catalog.child_count("0") == page.total
    (root,) = catalog.metadata("0", EVERYONE).entries
    assert root.child_count == page.total


def test_pages_of_the_root_are_a_partition(catalog):
    whole = ids(children(catalog, "0"))
    for size in range(1, len(whole) + 2):
        pages = [
            ids(children(catalog, "0", Window(start, size)))
            for start in range(0, len(whole) + size, size)
        ]
        assert [one for page in pages for one in page] == whole


def test_digits_lead_to_a_try_and_only_that_counts(catalog, door):
    for pin in ("", "4", "47", "472"):
        assert ids(children(catalog, f"pin${pin}")) == [
            f"pin${pin}{digit}" for digit in "1234567890"
        ]
        catalog.metadata(f"pin${pin}", EVERYONE)
    catalog.metadata("pin$4721", EVERYONE)
    assert door.tries == []
    page = children(catalog, "pin$4721")
    assert door.tries == ["4721"]
    assert (len(page.entries), page.total) == (1, 1)
    assert children(catalog, ids(page)[0]).entries == ()


def test_while_it_must_wait_there_are_no_digits(catalog, door):
    door.pause = "wait"
    for object_id in ("pin$", "pin$4", "pin$4721"):
        (line,) = children(catalog, object_id).entries
        assert b"wait" in line.segments
    assert door.tries == []


@pytest.mark.parametrize("object_id", ["pin$x", "pin$47210", "pin$4 ", "pin$-1"])
def test_other_ids_of_its_kind_are_none(catalog, object_id):
    with pytest.raises(NoSuchObject):
        children(catalog, object_id)
    with pytest.raises(NoSuchObject):
        catalog.metadata(object_id, EVERYONE)


def test_all_else_is_as_it_was(catalog, reader):
    criteria = parse_criteria("*")
    for object_id in ("music$", "music$albums"):
        assert children(catalog, object_id) == children(reader, object_id)
        assert catalog.metadata(object_id, EVERYONE) == reader.metadata(
            object_id, EVERYONE
        )
        assert catalog.child_count(object_id) == reader.child_count(object_id)
    assert catalog.search("0", criteria, ALL, (), EVERYONE) == reader.search(
        "0", criteria, ALL, (), EVERYONE
    )
    with pytest.raises(NoSuchContainer):
        catalog.search("pin$", criteria, ALL, (), EVERYONE)


def test_who_has_a_door_finds_it_by_browse(reader, door):
    asker = Asker(EVERYONE, "http://h", pin_door=door)
    answer = dict(call("Browse", browse_arguments("0"), reader, asker))
    assert b"Enter the PIN" in answer["Result"]


def test_a_notice_is_one_line_and_nothing_else():
    notice = Notice("Ask the owner")
    answer = dict(call("Browse", browse_arguments("0"), notice, Asker(EVERYONE, "h")))
    assert answer["TotalMatches"] == "1"
    assert b"Ask the owner" in answer["Result"]
    (line,) = children(notice, "0").entries
    assert children(notice, line.object_id).entries == ()
    assert notice.metadata(line.object_id, EVERYONE).entries == (line,)
    assert notice.metadata("0", EVERYONE).entries[0].child_count == 1
    assert notice.system_update_id() != Notice("Closed").system_update_id()
    for object_id in ("music$", "1", ""):
        with pytest.raises(NoSuchObject):
            children(notice, object_id)
        with pytest.raises(NoSuchObject):
            notice.metadata(object_id, EVERYONE)
        with pytest.raises(NoSuchObject):
            notice.resource(object_id, EVERYONE)
        with pytest.raises(NoSuchContainer):
            notice.search(object_id, parse_criteria("*"), ALL, (), EVERYONE)
    assert notice.search("0", parse_criteria("*"), ALL, (), EVERYONE).total == 0
