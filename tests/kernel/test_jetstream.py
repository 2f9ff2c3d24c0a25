"""The stream behind the gateways: made as it must be, and refused where it would break what a PUBACK promises."""

from dataclasses import replace

import pytest
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from careful.kernel import jetstream
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.jetstream import STREAM, Link, fault_of, open_stream

WANTED = StreamConfig(
    name=STREAM, subjects=["careful.inbox.*"], storage=StorageType.FILE, discard=DiscardPolicy.NEW, num_replicas=3,
    retention=RetentionPolicy.LIMITS,
)  # fmt: skip
FAULTS = {
    "as it must be": ({}, ""),
    "more copies": ({"num_replicas": 5}, ""),
    "in memory": ({"storage": StorageType.MEMORY}, "memory"),
    "one copy": ({"num_replicas": 1}, "has 1 copies, and 3"),
    "old ones make room": ({"discard": DiscardPolicy.OLD}, "throws away old"),
    "another stream's subjects": ({"subjects": ["x"]}, "not one of ours"),
    "a work queue": ({"retention": RetentionPolicy.WORK_QUEUE}, "not one of ours"),
    "confirms nothing": ({"no_ack": True}, "no_ack"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_falls_short_is_said(case):
    change, said = FAULTS[case]
    found = fault_of(replace(WANTED, **change), WANTED)
    assert (said in found) if said else not found


def test_the_stream_is_made_and_found_again(nats, stream_settings):
    link = Link(stream_settings, "test")
    for _ in range(2):
        open_stream(link, stream_settings)
    config = link.call(link.stream.stream_info(STREAM)).config
    assert fault_of(config, WANTED) == ""
    assert (config.max_age, config.max_bytes) == (30 * 86400, stream_settings.inbox_bytes)
    link.close()


def test_a_stream_with_too_few_copies_is_refused_unless_said_otherwise(nats, stream_settings):
    link = Link(stream_settings, "test")
    open_stream(link, stream_settings.model_copy(update={"inbox_replicas": 1}))
    with pytest.raises(Refused, match="has 1 copies, and 3 are asked for") as refusal:
        open_stream(link, stream_settings)
    assert "CAREFUL_INBOX_REPLICAS" in str(refusal.value)
    open_stream(link, stream_settings.model_copy(update={"inbox_replicas": 1}))
    link.close()


@pytest.mark.parametrize(
    "wrong",
    [{"inbox_password": "wrong"}, {"inbox_ca": ""}, {"inbox_ca": "/nowhere"}],
    ids=["password", "ca", "no file"],
)
def test_a_cluster_that_does_not_let_us_in_is_unavailable(nats, stream_settings, wrong, monkeypatch):
    monkeypatch.setattr(jetstream, "_CONNECT_SECONDS", 1.5)
    with pytest.raises(Unavailable):
        Link(type(stream_settings)(**{**stream_settings.model_dump(), **nats.settings, **wrong}), "test")
