"""The chain of nonces over real connections: a device alone goes on, a clone is cut off, a restore begins anew."""

import json
import time

import pytest

from careful import devices, monitoring
from careful.entrypoints.gateway.mqtt import signals as counting
from careful.entrypoints.gateway.mqtt.packets import LEVEL_5, Publish
from careful.kernel import inbox

NONCE = "d/cam-1-001/down/nonce"


@pytest.fixture(autouse=True)
def short_windows(monkeypatch):
    monkeypatch.setattr(counting, "WINDOW_SECONDS", 0.2)


def turn(gateway, who, shown):
    """Connect showing `shown` and return the nonce for the next time, or None where none comes."""
    client = gateway.join(who, level=LEVEL_5, password=shown)
    client.hear(NONCE)
    client.socket.settimeout(1.5)
    try:
        packet = client.receive()
    except TimeoutError:
        packet = None
    client.close()
    return packet.payload if isinstance(packet, Publish) else None


def test_a_device_goes_from_nonce_to_nonce(gateway, world):
    who, shown = gateway.make("cam-1-001"), b"begin"
    seen = set()
    for _ in range(3):
        shown = turn(gateway, who, shown)
        seen.add(shown)
    assert None not in seen
    assert len(seen) == 3
    assert monitoring.alerts(world) == []


def test_a_clone_is_cut_off_when_both_have_come_back(gateway, world, eventually):
    who = gateway.make("cam-1-001")
    copied = turn(gateway, who, b"begin")
    own = turn(gateway, who, turn(gateway, who, copied))
    assert own
    turn(gateway, who, copied)  # the clone
    eventually(lambda: devices.get(world, "cam-1-001").state == "quarantined")
    [alert] = monitoring.alerts(world, rule="two_places")
    assert (alert.subject, alert.action) == ("fork", "quarantine")


def test_after_a_restore_from_a_backup_the_chain_begins_anew(gateway, world, staff, eventually):
    who = gateway.make("cam-1-001")
    old = turn(gateway, who, b"begin")
    turn(gateway, who, turn(gateway, who, old))
    monitoring.reset_chain(world, staff, "cam-1-001", "Restored from a backup.")
    assert turn(gateway, who, old)
    time.sleep(0.5)
    assert devices.get(world, "cam-1-001").state == "active"


def test_who_takes_part_and_comes_without_is_shown(gateway, world, eventually):
    who = gateway.make("cam-1-001")
    turn(gateway, who, b"begin")
    gateway.join(who)
    [alert] = eventually(lambda: monitoring.alerts(world, rule="two_places"))
    assert (alert.subject, alert.action) == ("unchained", "alert")


def test_who_takes_no_part_gets_no_nonce(gateway, world):
    who = gateway.make("cam-1-001")
    assert turn(gateway, who, b"") is None
    assert turn(gateway, who, b"") is None
    assert monitoring.alerts(world) == []


def test_a_connection_table_is_looked_at_and_not_kept(gateway, world, eventually):
    client = gateway.join(gateway.make("cam-1-001"))
    table = json.dumps({"at": time.time(), "peers": ["203.0.113.9 4444 tcp established out 1"]}).encode()
    assert client.say("d/cam-1-001/event/connections", table, 5).packet == 5
    assert inbox.latest(world.home, "cam-1-001", "connections") is None
    assert b"203.0.113.9" not in b"".join(one.read_bytes() for one in world.home.glob("inbox*"))
