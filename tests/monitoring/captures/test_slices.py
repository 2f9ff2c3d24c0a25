from careful.monitoring.captures.limits import Limits
from careful.monitoring.captures.slices import OTHER_TOPICS, Conversation, Moved, Slice


def conversation(**what):
    return Conversation(
        **{
            "device": "d", "peer": "203.0.113.7", "port": 443, "transport": "tcp", "opened_by_device": True,
            "began": 5.0, "last": 9.0, "near": "10.0.0.7", "near_port": 40_000, "state": "established",
        }
        | what
    )  # fmt: skip


def test_a_slice_becomes_a_window():
    one = Slice()
    one.message("t", 10, Limits())
    one.message("t", 5, Limits())
    one.refuse("malformed")
    one.count("repeated")
    one.asked.update({"10.0.0.1", "10.0.0.2"})
    talk = conversation()
    one.moved[1] = Moved(talk, 3, 2, 300, 200)
    made = one.window("d", "p", 7.0, 1.0, {"203.0.113.7": "cloud.example"})
    assert (made.messages, made.bytes, made.refusals) == ({"t": 2}, {"t": 15}, {"malformed": 1})
    assert made.counters == {
        "repeated": 1.0, "arp_targets": 2.0, "packets_out": 3.0, "packets_in": 2.0, "bytes_out": 300.0,
        "bytes_in": 200.0,
    }  # fmt: skip
    flow = made.flows[0]
    assert (flow.host, flow.at, flow.seconds, flow.bytes_out) == ("cloud.example", 7.0, 4.0, 300)


def test_the_name_a_conversation_gave_itself_counts_before_the_addresses():
    one = Slice()
    one.moved[1] = Moved(conversation(host="own.example"))
    assert one.window("d", "p", 0.0, 1.0, {"203.0.113.7": "other.example"}).flows[0].host == "own.example"


def test_topics_beyond_the_limit_are_counted_together():
    one = Slice()
    for topic in ("a", "b", "c", "a", "d"):
        one.message(topic, 1, Limits(topics=2))
    assert one.messages == {"a": 2, "b": 1, OTHER_TOPICS: 2}
