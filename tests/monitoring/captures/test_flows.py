from careful.monitoring.captures.flows import windows
from careful.monitoring.captures.limits import Limits
from careful.monitoring.model import Flow


def flow(at, **more):
    given = {"device": "d", "peer": "203.0.113.7", "host": None, "port": 443, "transport": "tcp", "bytes_out": 5}
    return Flow(**(given | more), at=at)


def test_conversations_are_put_in_order_and_cut_into_seconds():
    found = list(windows([flow(7.5), flow(3.2), flow(3.9)], "p", {"203.0.113.7": "cloud.example"}))
    assert [(one.start, len(one.flows)) for one in found] == [(3.0, 2), (4.0, 0), (7.0, 1)]
    assert found[0].flows[0].host == "cloud.example"
    assert found[0].counters["bytes_out"] == 10.0


def test_a_name_the_record_gives_counts_also_for_the_address():
    found = list(windows([flow(1.0, host="a.example"), flow(2.0)]))
    assert [one.flows[0].host for one in found] == ["a.example", "a.example"]


def test_devices_beyond_the_limit_are_left_out():
    assert len(list(windows([flow(1.0, device=str(n)) for n in range(9)], limits=Limits(devices=3)))) == 3
