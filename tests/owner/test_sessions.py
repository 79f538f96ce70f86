"""Sessions end by themselves, and their forms are told from others'."""

from upnpserver.owner.sessions import (
    IDLE_S,
    LONGEST_S,
    MOST_SESSIONS,
    Sessions,
)


def begun(sessions, now_s=0.0):
    token = sessions.begin(now_s, has_entered=True)
    return token, sessions.find(token, now_s)


def test_a_session_is_found_by_its_token_only():
    sessions = Sessions()
    token, session = begun(sessions)
    assert sessions.find(token, 1.0) is session
    for other in ("", token[:-1], token + "x", session.form_token):
        assert sessions.find(other, 1.0) is None


def test_tokens_are_long_and_never_the_same():
    sessions = Sessions()
    tokens = [sessions.begin(0.0, has_entered=False) for _ in range(10)]
    assert len({*tokens}) == 10
    assert min(map(len, tokens)) >= 43  # 256 bits


def test_a_form_is_known_by_the_token_of_its_session():
    sessions = Sessions()
    _, mine = begun(sessions)
    _, other = begun(sessions)
    assert mine.is_own_form(mine.form_token)
    for wrong in ("", other.form_token, mine.form_token + "x", "\u20ac" * 100):
        assert not mine.is_own_form(wrong)


def test_who_does_nothing_has_left():
    sessions = Sessions()
    token, _ = begun(sessions)
    assert sessions.find(token, IDLE_S - 1) is not None
    assert sessions.find(token, 2 * IDLE_S - 2) is not None
    assert sessions.are_open
    assert sessions.find(token, 3 * IDLE_S - 2) is None
    assert not sessions.are_open


def test_nobody_stays_for_ever():
    sessions = Sessions()
    token, _ = begun(sessions)
    now_s = 0.0
    while now_s < LONGEST_S - IDLE_S:
        now_s += IDLE_S / 2
        assert sessions.find(token, now_s) is not None
    assert sessions.find(token, LONGEST_S) is None


def test_who_left_has_left():
    sessions = Sessions()
    token, _ = begun(sessions)
    sessions.end(token)
    sessions.end(token)
    assert sessions.find(token, 1.0) is None


def test_the_one_unused_longest_gives_way():
    sessions = Sessions()
    tokens = [sessions.begin(float(n), has_entered=True) for n in range(MOST_SESSIONS)]
    sessions.find(tokens[0], 50.0)
    newest = sessions.begin(60.0, has_entered=True)
    assert sessions.find(tokens[1], 61.0) is None
    assert sessions.find(tokens[0], 61.0) is not None
    assert sessions.find(newest, 61.0) is not None
