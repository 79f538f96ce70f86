"""What is filled in on the owner's page becomes the table of a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.owner.forms import device_question, forget_question, rule_question

PROFILE = {
    "kind": ["profile"],
    "name": ["Kids"],
    "devices": ["192.168.1.30\r\n\r\n lg-webos "],
    "libraries": ["Music", "Films"],
    "kinds": ["audio", "video"],
    "age": ["6"],
    "unrated": ["12"],
    "hours": ["mon-fri 15:00-19:00"],
    "only": [""],
    "may_unlock": ["yes"],
}


def test_a_profile():
    assert rule_question(PROFILE) == {
        "do": "rule",
        "kind": "profile",
        "name": "Kids",
        "table": {
            "devices": ["192.168.1.30", "lg-webos"],
            "libraries": ["Music", "Films"],
            "kinds": ["audio", "video"],
            "age": 6,
            "unrated": 12,
            "hours": ["mon-fri 15:00-19:00"],
            "may_unlock": True,
            "secret_addresses": False,
        },
    }


def table(**changes):
    fields = {**PROFILE, **changes}
    return rule_question({k: v for k, v in fields.items() if v is not None})["table"]


def test_no_box_checked_means_none_of_them_and_all_kinds_means_all():
    assert table(libraries=None, kinds=None)["libraries"] == []
    assert table(kinds=None)["kinds"] == []
    assert "kinds" not in table(kinds=["audio", "image", "video"])
    assert table(may_unlock=None)["may_unlock"] is False


def test_what_is_not_filled_in_is_left_out():
    assert "age" not in table(age=[" "], unrated=["12"])
    assert "unrated" not in table(age=[""], unrated=["12"])
    assert "hours" not in table(hours=[" \n "])


def test_what_is_no_number_is_left_to_the_rules_to_refuse():
    assert table(age=["6 years"])["age"] == "6 years"
    assert table(age=["٦"])["age"] == "٦"


def test_a_lock():
    fields = {
        "kind": ["lock"],
        "name": ["Late"],
        "pin": [" 4721 "],
        "age": ["16"],
        "folders": ["/srv/films/late"],
        "minutes": [""],
        "may_unlock": ["yes"],  # of no lock
    }
    assert rule_question(fields)["table"] == {
        "pin": "4721",
        "age": 16,
        "folders": ["/srv/films/late"],
    }


def test_removing_and_who_is_new():
    gone = {"kind": ["lock"], "name": ["Late"], "do": ["remove"], "pin": ["1"]}
    assert rule_question(gone) == {"do": "rule", "kind": "lock", "name": "Late"}
    new = {"kind": ["new_devices"], "name": [""], "value": ["ask"]}
    assert rule_question(new)["table"] == "ask"


FIELDS = st.dictionaries(
    st.sampled_from([*PROFILE, "do", "pin", "folders", "minutes", "value", "x"]),
    st.lists(st.text(max_size=30), min_size=1, max_size=4),
)


@given(FIELDS)
def test_any_form_asks_for_what_its_page_may_ask(fields):
    assert rule_question(fields)["do"] == "rule"
    assert device_question(fields)["do"] in {"allow", "block", "forget", "name"}
    assert forget_question(fields)["do"] == "privacy-forget"


@pytest.mark.parametrize("kind", ["", "password", "new_devices"])
def test_other_kinds_have_no_table_of_fields(kind):
    assert not rule_question({**PROFILE, "kind": [kind]}).get("table")
