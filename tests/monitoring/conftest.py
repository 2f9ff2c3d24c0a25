"""Windows and expectations for the tests of monitoring."""

import pytest

from careful import devices, products
from careful.monitoring import Detection, Expected, Flow, Rate, Seen, Window

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


class Town:
    """Devices of one product in a world, made without certificates: monitoring only needs their names and states."""

    def __init__(self, world, staff):
        self.world, self.staff = world, staff
        text = b"schema: product/1\nproduct: {id: cam-9, name: Test Cam, models: [TC-9]}\n"
        products.declare(world, staff, text)

    def devices(self, number):
        names = [f"cam-9-{one:04d}" for one in range(number)]
        devices.make_tokens(self.world, self.staff, "cam-9", names, "rev-a")
        with self.world.database.transaction("write") as connection:
            connection.exec_driver_sql("UPDATE devices_device SET state = 'active'")
        return names

    def seen(self, device, rule="flood", action="quarantine", release="1.0.0", cause="", drill=False, **what):
        given = {"observed": 900.0, "limit": 20.0, "limit_from": "declaration", "says": "Much was sent."} | what
        found = Detection(rule, device, 1e6, cause=f"{rule}|cam-9|{cause}", action=action, **given)
        return Seen(found, "cam-9", release, (1.0, 2.0, 900.0), drill)

    def states(self):
        return {one.id: one.state for one in devices.all_of(self.world, "cam-9")}


@pytest.fixture
def town(world, staff):
    return Town(world, staff)
