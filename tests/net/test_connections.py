"""Who gives way when there are too many connections."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net.connections import Connections
from upnpserver.net.limits import Limits

TV, PC, PHONE = (f"192.0.2.{number}" for number in (1, 2, 3))


class One:
    def __init__(self, host):
        self.host, self.has_given_way = host, False

    def retire(self):
        pass

    def give_way(self):
        self.has_given_way = True


class ConnectionsTests(SynchronousTestCase):
    def setUp(self):
        limits = Limits(connections=5, connections_per_peer=3)
        self.connections = Connections(limits)

    def add(self, *hosts):
        added = [One(host) for host in hosts]
        for one in added:
            self.connections.add(one)
        return added

    def gone(self, ones):
        return [one.has_given_way for one in ones]

    def test_the_fourth_of_a_peer_is_one_too_many(self):
        self.add(PC, PC)
        assert not self.connections.add(One(PC))
        assert not self.connections.add(One(TV))
        assert self.connections.add(One(PC))

    def test_the_longest_wait_of_that_peer_gives_way(self):
        tv, *pc = self.add(TV, PC, PC, PC, PC)
        self.connections.make_room()
        assert self.gone([tv, *pc]) == [False, True, False, False, False]

    def test_the_longest_wait_of_all_gives_way(self):
        ones = self.add(TV, PC, PHONE, PC, TV, PHONE, TV)
        self.connections.make_room()
        assert self.gone(ones) == [True, True, False, False, False, False, False]

    def test_a_peer_with_too_many_gives_up_its_own_first(self):
        tv, *pc = self.add(TV, PC, PC, PC, PC, PC)
        self.connections.make_room()
        assert self.gone([tv, *pc]) == [False, True, True, False, False, False]

    def test_an_answer_puts_it_last(self):
        first, *others = self.add(PC, PC, PC, PC)
        assert self.connections.work(One(TV))
        self.connections.work(first)
        self.connections.wait(first)
        self.connections.make_room()
        assert self.gone([first, *others]) == [False, True, False, False]

    def test_who_is_being_answered_stays(self):
        ones = self.add(PC, PC, PC)
        for one in ones:
            assert self.connections.work(one)
        silent, asking = self.add(PC, PC)
        assert not self.connections.work(asking)
        assert self.gone([*ones, silent]) == [False, False, False, True]

    def test_there_is_room_again(self):
        ones = self.add(PC, PC, PC, PC)
        self.connections.make_room()
        self.connections.remove(ones[0])
        self.connections.remove(ones[1])
        self.connections.wait(ones[1])
        assert len(self.connections) == 2
        assert not self.connections.add(One(PC))


class ConnectionsMachine(RuleBasedStateMachine):
    """Whatever comes, works and goes: the books are right."""

    def __init__(self):
        super().__init__()
        self.connections = Connections(Limits(connections=4, connections_per_peer=2))
        self.ones, self.busy = [], set()

    @rule(host=st.sampled_from([TV, PC, PHONE]))
    def arrives(self, host):
        self.ones.append(One(host))
        self.connections.add(self.ones[-1])

    @rule(data=st.data(), step=st.sampled_from(["work", "wait", "remove"]))
    def goes_on(self, data, step):
        # One that has ended may still be waited for or removed; none works.
        ones = self.connections.all() if step == "work" else self.ones
        if ones:
            one = data.draw(st.sampled_from(ones))
            getattr(self.connections, step)(one)
            self.busy = self.busy | {one} if step == "work" else self.busy - {one}

    @rule()
    def room_is_made(self):
        self.connections.make_room()
        busy = self.busy.intersection(self.connections.all())
        assert len(self.connections) <= max(4, len(busy))

    @invariant()
    def nobody_is_lost(self):
        still = self.connections.all()
        assert len(still) == len(set(still)) == len(self.connections)
        assert not [one for one in still if one.has_given_way]
        assert not [one for one in self.busy if one.has_given_way]


TestConnectionsMachine = ConnectionsMachine.TestCase
