"""Windows and expectations for the tests of monitoring."""

import pytest

from careful.monitoring import Expected, Flow, Rate, Window

EXPECTED = Expected(
    product="cam-9",
    hosts=frozenset({("cloud.example", 8883, "tcp"), ("updates.example", 443, "tcp")}),
    inbound=frozenset(),
    rates={"telemetry": Rate(60, 12_000, 3600)},
    heartbeat_seconds=300.0,
    streams={"telemetry": frozenset({"temperature_c"})},
    events=frozenset({"offline"}),
)


def window(device="cam-9-1", start=1_000_000.0, **what):
    return Window(**({"product": "cam-9", "release": "1.0.0"} | what | {"device": device, "start": start}))


def flow(host="cloud.example", port=8883, transport="tcp", **what):
    given = {"at": 1_000_000.0, "device": "cam-9-1", "peer": "203.0.113.7"} | what
    return Flow(host=host, port=port, transport=transport, **given)


@pytest.fixture
def expected():
    return EXPECTED


@pytest.fixture
def a_window():
    return window


@pytest.fixture
def a_flow():
    return flow
