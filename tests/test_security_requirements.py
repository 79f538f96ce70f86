"""Which tests hold each requirement of the reference on security, by its number.

A requirement whose tests are renamed or removed is noticed here.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CONFORMANCE = "end_to_end/test_conformance.py"
# Number -> files, each with tests (or, of the conformance suite, checks).
HELD_BY = {
    1: {
        "net/test_hosts.py": ["test_not_ours"],
        "net/test_site.py": ["test_foreign_hosts"],
    },
    2: {
        "net/test_site.py": [
            "test_pages_of_others",
            "test_no_answer_lets_other_origins_read_it",
        ]
    },
    3: {
        "end_to_end/test_offline.py": [
            "test_http_from_outside_is_closed_without_an_answer"
        ]
    },
    4: {"end_to_end/test_offline.py": ["test_search_from_outside_gets_nothing"]},
    5: {
        "net/test_throttle.py": [
            "test_the_same_search_again_at_once_is_the_same_search",
            "test_one_source_gets_a_burst_and_then_its_rate",
        ]
    },
    6: {
        "upnp/test_gena.py": ["test_a_callback_is_the_peer_or_refused"],
        "net/test_eventing.py": [
            "test_callbacks_elsewhere_are_refused_and_nothing_is_sent"
        ],
    },
    7: {"test_beneath.py": ["test_refuses_what_is_not_a_path_below"]},
    8: {
        "test_beneath.py": ["test_refuses_links_out_and_special_files"],
        "scan/test_walk.py": ["test_links_stay_inside_and_loops_end"],
        "end_to_end/test_links_out.py": ["test_what_a_link_leads_to"],
    },
    9: {"catalog/test_search.py": [], "upnp/test_criteria.py": []},
    10: {CONFORMANCE: []},
    11: {"net/test_site.py": ["test_a_bug_is_a_plain_500_and_the_end"]},
    12: {
        "net/test_site.py": ["test_unknown_methods", "test_no_proxy"],
        "net/test_owner_pages.py": [
            "test_nothing_is_done_without_it",
            "test_others_are_told_what_to_do",
        ],
    },
    13: {
        "scan/test_partial.py": [
            "test_it_is_the_catalog_of_a_tree_without_what_is_hidden"
        ],
        "end_to_end/test_household_rules.py": [
            "test_a_film_for_grown_ups_is_nowhere_for_others"
        ],
    },
    14: {"upnp/test_soap.py": []},
    15: {"net/test_site.py": ["test_hidden_lengths"]},
    16: {"services/test_content_directory.py": []},
    17: {
        "net/test_site.py": [
            "test_a_head_that_trickles",
            "test_silence_after_an_answer",
        ]
    },
    18: {"dlna/test_ranges.py": []},
    19: {
        "media/test_sandbox.py": ["test_stopped_by_this_layer_alone"],
        "scan/test_pool.py": ["test_a_hijacked_child_can_do_nothing"],
    },
    20: {"media/test_render.py": []},
    21: {
        "net/test_connections.py": [
            "test_the_longest_wait_of_that_peer_gives_way",
            "test_the_longest_wait_of_all_gives_way",
        ],
        "net/test_door_sockets.py": ["test_answers_during_floods"],
    },
    22: {
        "net/test_stream_sockets.py": [
            "test_readers_that_do_not_read_cost_little_and_delay_nobody"
        ]
    },
    23: {"net/test_stream_sockets.py": ["test_aborted_streams_leave_nothing"]},
    24: {
        "net/test_eventing.py": [
            "test_so_many_of_one_peer_and_of_all",
            "test_one_message_at_a_time_and_what_waits_is_merged",
            "test_three_failures_in_a_row_end_it",
        ]
    },
    25: {"net/test_door_sockets.py": ["test_without_free_descriptors"]},
    26: {
        "net/test_http_fuzz.py": ["test_mutated_requests"],
        "fuzz/test_fuzz.py": ["test_all_stand_being_fuzzed_for_a_while"],
        CONFORMANCE: [],
    },
    27: {
        "scan/test_killed.py": [
            "test_killed_again_and_again_it_becomes_the_same_catalog"
        ]
    },
    28: {"scan/test_root_disks.py": [], "catalog/test_disks_away.py": []},
    29: {
        "end_to_end/test_damage.py": [
            "test_a_damaged_catalog_is_built_again_while_it_serves"
        ]
    },
    30: {
        "end_to_end/test_faults.py": [
            "test_a_full_state_folder_is_told_and_goes_on_when_there_is_room",
            "test_a_read_only_state_folder_serves_what_is_catalogued",
        ]
    },
    31: {"end_to_end/test_faults.py": ["test_five_thousand_files_deleted_at_once"]},
    32: {
        "end_to_end/test_network_changes.py": [
            "test_a_cable_pulled_and_put_back",
            "test_a_new_address_replaces_the_old_one",
        ]
    },
    33: {
        "end_to_end/test_faults.py": ["test_timers_do_not_follow_the_wall_clock"],
        "end_to_end/test_clock_and_log.py": ["test_a_clock_that_jumps_changes_nothing"],
    },
    34: {
        "end_to_end/test_life.py": [
            "test_says_hello_and_goodbye",
            "test_ends_in_time_while_a_film_is_watched",
        ]
    },
    35: {
        "end_to_end/test_offline.py": ["test_a_whole_life_sends_no_packet_beyond_home"],
        "test_house.py": ["test_no_code_that_fetches_or_looks_up_names"],
    },
}


def names_in(file):
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = {node.name for node in ast.walk(tree) if isinstance(node, functions)}
    return {name for name in found if name.startswith("test_")}


def test_every_requirement_has_its_tests():
    assert list(HELD_BY) == list(range(1, 36))
    assert all(HELD_BY.values())


@pytest.mark.parametrize("number", HELD_BY)
def test_the_tests_of_a_requirement_are_there(number):
    for file, wanted in HELD_BY[number].items():
        there = names_in(file)
        assert there
        assert set(wanted) <= there, f"{file}: {set(wanted) - there}"
