"""What readers share: asked for once, by whichever thread, and bounded."""

from concurrent.futures import ThreadPoolExecutor

from support.made_up_files import HOUSEHOLD

from upnpserver.catalog.ordered import OrderedResults
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.remembered import Remembered, Scopes
from upnpserver.catalog.scope import Scope
from upnpserver.model import Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp.criteria import parse_criteria
from upnpserver.upnp.props import parse_sort


def test_scopes_are_made_once_and_the_oldest_goes():
    scopes, made = Scopes(), []

    def ask(place):
        return scopes.get(place, lambda: made.append(place) or Scope())

    for place in "abcd":
        assert ask(place) is ask(place)
    ask("e")
    assert made == list("abcde")
    ask("b")
    ask("a")
    assert made == list("abcdea")


def test_lists_stay_bounded_while_threads_ask_for_the_same():
    ordered = OrderedResults(1000)

    def ask(key):
        return list(ordered.get(key, lambda: range(key * 10)))

    with ThreadPoolExecutor(4) as threads:
        for key, found in zip(range(40), threads.map(ask, range(40)), strict=True):
            assert found == list(range(key * 10))
    assert ordered.rows <= 1000


def test_a_list_that_two_make_at_once_counts_once():
    ordered = OrderedResults(100)

    def slowly():
        ordered.get("key", lambda: range(60))
        return range(60)

    assert list(ordered.get("key", slowly)) == list(range(60))
    assert ordered.rows == 60


def test_what_one_reader_sorted_another_one_has(writer, path):
    writer.apply(HOUSEHOLD, [])
    remembered = Remembered()
    readers = [Reader(path, None, remembered) for _ in range(2)]
    sort, everything = parse_sort("-dc:title"), parse_criteria("*")
    for ask in (
        lambda one: one.children("music$all", Window(), sort, EVERYONE),
        lambda one: one.search("music$", everything, Window(), sort, EVERYONE),
    ):
        first = ask(readers[0])
        having = remembered.ordered.rows
        assert ask(readers[1]) == first
        assert remembered.ordered.rows == having > 0
    for one in readers:
        one.close()
