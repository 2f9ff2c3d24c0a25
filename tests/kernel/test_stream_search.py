"""Every message of every stream is looked into; where there are too many, that is said."""

import pytest

from careful.kernel import stream_search
from careful.kernel.errors import Unavailable
from careful.kernel.jetstream import Link, open_stream
from careful.kernel.stream_search import search_streams

NEEDLES = {"one": b"canary-1", "two": bytes(range(200, 220))}


def test_every_message_of_every_stream(nats, stream_settings, monkeypatch):
    link = Link(stream_settings, "test")
    try:
        open_stream(link, stream_settings)
        for data in (b"", b"..canary-1..", b"." * 100_000 + NEEDLES["two"]):
            link.call(link.stream.publish("careful.inbox.1", data))
        found = search_streams(stream_settings, NEEDLES)
        assert (found.found["careful-inbox"], found.messages, found.cut_short) == ({"one", "two"}, 3, [])
        link.call(link.stream.purge_stream("careful-inbox", keep=1))
        assert search_streams(stream_settings, NEEDLES).found["careful-inbox"] == {"two"}
        monkeypatch.setattr(stream_search, "SEARCH_SECONDS", -1.0)
        assert search_streams(stream_settings, NEEDLES).cut_short == ["careful-inbox"]
    finally:
        link.close()


def test_a_cluster_that_is_gone_is_unavailable(stream_settings, monkeypatch):
    monkeypatch.setattr("careful.kernel.jetstream._CONNECT_SECONDS", 0.5)
    with pytest.raises(Unavailable):
        search_streams(stream_settings.model_copy(update={"inbox": "tls://127.0.0.1:1"}), NEEDLES)
