"""A small event to record; a cluster without a stream."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from nats.js.errors import NotFoundError
from nats_cluster import Cluster

from careful.kernel.errors import Unavailable
from careful.kernel.jetstream import STREAM, Link
from careful.kernel.ledger import Event, event
from careful.kernel.settings import Settings


@event("test.thing_done", subject="thing/{thing}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingDone(Event):
    """Something was done to a thing."""

    thing: str
    note: str = ""


@pytest.fixture
def thing_done() -> type[ThingDone]:
    return ThingDone


@pytest.fixture
def stream_settings(nats: Cluster, tmp_path: Path) -> Settings:
    """Settings for the cluster, which has no stream yet."""
    settings = Settings(data=tmp_path, database="postgresql+psycopg://nobody@127.0.0.1/none", **nats.settings)
    link = Link(settings, "fixture")
    try:
        link.call(link.stream.delete_stream(STREAM), 15)
    except (NotFoundError, Unavailable):
        pass
    finally:
        link.close()
    return settings
