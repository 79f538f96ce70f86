from upnpserver.net import throttle
from upnpserver.net.throttle import Throttle

TV = ("192.0.2.9", 40000)


def test_the_same_search_again_at_once_is_the_same_search():
    gate = Throttle()
    assert gate.allows(TV, "ssdp:all", 0.0)
    assert not gate.allows(TV, "ssdp:all", 0.9)
    assert gate.allows(TV, "upnp:rootdevice", 0.9)
    assert gate.allows(("192.0.2.9", 40001), "ssdp:all", 0.9)
    assert gate.allows(TV, "ssdp:all", 1.0)


def answered(gate, hosts, seconds, each_second):
    """Return how many of many different searches are answered."""
    count = 0
    for n in range(seconds * each_second):
        source = (hosts[n % len(hosts)], 1024 + n % 60000)
        count += gate.allows(source, f"uuid:{n}", n / each_second)
    return count


def test_one_source_gets_a_burst_and_then_its_rate():
    allowed = answered(Throttle(), ["192.0.2.9"], seconds=10, each_second=1000)
    assert allowed <= throttle.BURST + 10 * throttle.PER_SECOND
    assert allowed >= throttle.BURST + 9 * throttle.PER_SECOND


def test_many_sources_share_a_limit():
    hosts = [f"10.0.{n // 250}.{n % 250}" for n in range(2000)]
    allowed = answered(Throttle(), hosts, seconds=5, each_second=2000)
    assert allowed <= throttle.ALL_BURST + 5 * throttle.ALL_PER_SECOND


def test_a_flood_of_made_up_sources_is_forgotten():
    gate = Throttle()
    for n in range(3 * throttle.SOURCES):
        gate.allows((f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 1), "x", n * 1.0)
    assert len(gate._sources) <= throttle.SOURCES
    assert len(gate._recent) <= throttle.SOURCES
