"""The folder that tells how the server is."""

import pytest
from support.browse_call import browse_arguments
from support.made_up_files import household_catalog

from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.model import Window
from upnpserver.policy import EVERYONE
from upnpserver.services.content_directory import Asker, call
from upnpserver.services.kept_answers import key_of
from upnpserver.services.status_folder import STATUS, WithStatus, update_id
from upnpserver.upnp.criteria import parse_criteria

ALL = Window(0, 0)


class Status:
    """Says what it is told to say."""

    title = "Server status"

    def __init__(self, *lines):
        self.told = lines

    def lines(self):
        return self.told


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with household_catalog(tmp_path_factory.mktemp("status")) as opened:
        yield opened


def ids(page):
    return [entry.object_id for entry in page.entries]


def test_it_is_the_last_folder_at_the_top(reader):
    catalog = WithStatus(reader, Status("a", "b"))
    plain = reader.children("0", ALL, (), EVERYONE)
    page = catalog.children("0", ALL, (), EVERYONE)
    assert ids(page) == [*ids(plain), STATUS]
    assert page.total == plain.total + 1
    assert ids(catalog.children("0", Window(plain.total, 5), (), EVERYONE)) == [STATUS]
    root = catalog.metadata("0", EVERYONE).entries[0]
    assert root.child_count == page.total == catalog.child_count("0")


def test_each_line_is_an_empty_folder(reader):
    catalog = WithStatus(reader, Status("a", "b"))
    page = catalog.children(STATUS, ALL, (), EVERYONE)
    assert (ids(page), page.total) == (["status$0", "status$1"], 2)
    assert {one.parent_id for one in page.entries} == {STATUS}
    assert ids(catalog.children(STATUS, Window(1, 1), (), EVERYONE)) == ["status$1"]
    below = catalog.children("status$0", ALL, (), EVERYONE)
    assert (below.entries, below.total) == ((), 0)
    assert catalog.metadata(STATUS, EVERYONE).entries[0].child_count == 2


@pytest.mark.parametrize(
    "object_id", ["status$2", "status$x", "status$0$", "status$-1"]
)
def test_there_are_no_other_lines(reader, object_id):
    catalog = WithStatus(reader, Status("a", "b"))
    with pytest.raises(NoSuchObject):
        catalog.metadata(object_id, EVERYONE)
    with pytest.raises(NoSuchObject):
        catalog.children(object_id, ALL, (), EVERYONE)


def test_nothing_in_it_is_searched(reader):
    catalog = WithStatus(reader, Status("a"))
    with pytest.raises(NoSuchContainer):
        catalog.search(STATUS, parse_criteria("*"), ALL, (), EVERYONE)
    whole = catalog.search("0", parse_criteria("*"), ALL, (), EVERYONE)
    assert not any(one.startswith(STATUS) for one in ids(whole))


def test_the_update_id_changes_with_the_lines_and_stays_without(reader):
    first, same, other = (
        WithStatus(reader, Status(*lines)).metadata(STATUS, EVERYONE).update_id
        for lines in ("ab", "ab", "ac")
    )
    assert first == same == update_id(("a", "b"))
    assert first != other
    root = WithStatus(reader, Status("a")).metadata("0", EVERYONE)
    assert root.update_id == reader.metadata("0", EVERYONE).update_id


def test_a_kept_answer_ends_with_the_lines_it_tells(reader):
    arguments = browse_arguments(STATUS)
    asker = Asker(EVERYONE, "http://10.0.0.1:8200", status=Status("a <b>"))
    told = dict(call("Browse", arguments, reader, asker))
    assert b"a &amp;lt;b&amp;gt;" in told["Result"]
    before = key_of("Browse", arguments, asker)
    assert before == key_of("Browse", arguments, asker)
    asker.status.told = ("c",)
    assert before != key_of("Browse", arguments, asker)
