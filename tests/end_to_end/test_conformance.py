"""Our own server passes every check that tests/conformance has.

MiniDLNA, Gerbera and Rygel are examined by `python -m tests.conformance`.
"""

import pytest
from conformance.checks import ALL
from conformance.library import make_folder
from conformance.run import Examination, in_order
from conformance.servers import OURS
from support.netns import home_network

pytestmark = pytest.mark.end_to_end

# What the specifications leave to the server, and ours does without.
WITHOUT = (
    "Description/url_is_one",  # no page of its own yet, no maker's page ever
    "Description/presentation_page",
    "Description/upc",
    "DIDL/dlna_prefix",
    "Filter/brings_nothing_else[upnp:albumArtURI]",
    "Filter/brings_what_is_asked[upnp:albumArtURI]",
    "HTTP/allow_header",  # 501 for what it never heard of
    "Resources/album_art",
    "SCPD/action_arguments[X_MS_MediaReceiverRegistrar RegisterDevice]",
    "Search/capability_tells_the_truth[upnp:actor]",
    "Sort/is_in_order[+@",
    "Sort/is_in_order[-@",
    "Sort/is_in_order[+upnp:class]",  # one class in the largest music folder
    "Sort/is_in_order[-upnp:class]",
    "Sort/same_children_in_any_order[@",
)


@pytest.fixture(scope="module")
def examination(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("conformance")
    folder = make_folder(scratch / "media")
    with (
        home_network() as network,
        Examination(OURS, network, folder, scratch / "state") as running,
    ):
        yield running


@pytest.mark.parametrize("check", in_order(ALL), ids=lambda check: check.identity)
def test_keeps_the_rule(examination, check):
    result = examination.run(check)
    words = f"{check.source}: {check.statement} {result.reason}"
    if result.outcome == "not offered":
        assert check.identity.startswith(WITHOUT), words
    else:
        assert result.outcome == "passed", words
