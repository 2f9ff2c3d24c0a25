"""Declared and seen, both ways."""

import pytest

from careful.monitoring.conformance import Comparison, Edge, draft
from careful.monitoring.profile import Entry, Profile

CLOUD = Entry("a", to_device=False, transport="tcp", host="cloud.example", peer_port=(8883, 8883))
ANSWERS = Entry("b", to_device=True, transport="tcp", host="cloud.example", peer_port=(8883, 8883))
UPDATES = Entry("c", to_device=False, transport="tcp", host="updates.example", peer_port=(443, 443))
PROFILE = Profile("", "lamp", supported=True, entries=(CLOUD, ANSWERS, UPDATES))


@pytest.fixture
def compare(a_window):
    def compared(*flows, streams=None, messages=None):
        comparison = Comparison(PROFILE, streams)
        comparison.see(a_window(flows=flows, messages=messages or {}))
        return comparison.result()

    return compared


def test_both_figures(compare, a_flow):
    found = compare(a_flow(), a_flow(bytes_out=5), a_flow(host="evil.example", port=443))
    assert [(one.peer, one.declared, one.conversations) for one in found.seen] == [
        ("evil.example", None, 1),
        ("cloud.example", "to cloud.example, tcp 8883", 2),
    ]
    assert (found.share_declared, found.share_seen, found.declared) == (0.5, 0.5, 2)
    assert [one.says() for one in found.never] == ["to updates.example, tcp 443"]
    assert [one.says() for one in found.undeclared] == ["to evil.example, tcp 443"]


def test_what_was_seen_before_its_name_was_known_belongs_to_it(compare, a_flow):
    (one,) = compare(a_flow(host=None, bytes_out=3), a_flow(bytes_out=4)).seen
    assert (one.peer, one.conversations, one.bytes_out) == ("cloud.example", 2, 7)


def test_nothing_seen_and_nothing_declared_have_no_share(compare):
    assert compare().share_declared is None
    assert Comparison(Profile("", "", supported=True, entries=())).result().share_seen is None


def test_what_every_device_may_do_is_declared_by_that(compare, a_flow):
    assert compare(a_flow(host=None, port=53, transport="udp")).seen[0].declared == "granted to every device"


def test_unanswered_calls_and_what_is_no_conversation_are_left_out(compare, a_flow):
    refused = a_flow(opened_by_device=False, state="refused")
    assert compare(refused, a_flow(transport="icmp", port=0)).seen == ()


def test_streams_both_ways(compare, a_flow):
    streams = {"telemetry": (), "motion": ()}
    found = compare(streams=streams, messages={"up/telemetry": 1, "up/secrets": 1, "event/offline": 1})
    assert (found.streams_undeclared, found.streams_never) == (("secrets",), ("motion",))
    assert compare(a_flow(), streams=streams).streams_never == ()  # no message could be read


@pytest.mark.parametrize(
    ("what", "in_the_clear"),
    [({"port": 80}, True), ({"port": 443}, False), ({"port": 80, "peer": "192.168.1.9"}, False)],
    ids=["outside", "encrypted", "near"],
)
def test_what_goes_outside_in_the_clear(what, in_the_clear, compare, a_flow):
    assert compare(a_flow(**what)).seen[0].in_the_clear is in_the_clear


def test_services_that_answer_at_length(compare, a_flow):
    what = {"port": 1900, "transport": "udp", "opened_by_device": False, "bytes_in": 50, "state": "established"}
    assert compare(a_flow(bytes_out=1500, **what)).seen[0].amplifies == 30.0
    assert compare(a_flow(bytes_out=100, **what)).seen[0].amplifies == 0.0


def test_a_draft_of_what_is_missing(compare, a_flow):
    found = compare(
        a_flow(), a_flow(host="api.evil.example|www.evil.example", port=443), a_flow(host=None, peer="8.8.8.8", port=99)
    )
    assert draft(found) == [
        Edge("unnamed", (), "tcp", 99, "out"),
        Edge("evil-example", ("api.evil.example", "www.evil.example"), "https", 443, "out"),
    ]
