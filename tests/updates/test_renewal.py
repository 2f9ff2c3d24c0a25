"""Renewal as time goes by, and what is said where the keys are elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from tuf_client import Client

from careful import updates
from careful.kernel import ledger
from careful.kernel.clock import ManualClock
from careful.kernel.keys import Keys
from careful.updates import publishing, renewal
from careful.updates.repository import LIFE


@pytest.fixture
def clock():
    """Today: a TUF client looks at the machine's own clock."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def client(world, maker, tmp_path):
    maker.declare()
    root = updates.trusted_root(world, "cam-1")
    return Client(updates.repository_dir(world, "cam-1"), tmp_path / "client", root)


def events(world, name):
    with world.look() as connection:
        return [dict(one.data) for one in ledger.read(connection, names=[name])]


def test_renewal_keeps_it_fresh_and_leaves_alone_what_is(world, clock, maker, client):
    maker.release("1.0.0")
    assert updates.renew(world) == 0
    before = updates.published(world, "cam-1")
    clock.advance(LIFE["timestamp"] * 0.6)
    assert updates.renew(world) == 2
    after = updates.published(world, "cam-1")
    assert after.expires["timestamp"] > before.expires["timestamp"]
    assert after.targets == before.targets
    clock.advance(LIFE["targets"] * 0.8)
    updates.renew(world)
    assert updates.published(world, "cam-1").expires["targets"] > before.expires["targets"]
    clock.advance(-LIFE["timestamp"] * 0.6 - LIFE["targets"] * 0.8)
    client.fetch("1.0.0/cam-1-1.0.0.img")
    renewed = [one["role"] for one in events(world, "updates.metadata_published")]
    assert renewed[-4:] == ["targets", "releases", "snapshot", "timestamp"]


def test_what_only_a_person_can_renew_is_told_once(world, staff, clock, maker, tmp_path):
    maker.release("1.0.0")
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick")
    assert updates.expiring(world) == []
    clock.advance(LIFE["targets"] * 0.8)
    for _ in range(3):
        updates.renew(world)
    late = {one.role: one for one in updates.expiring(world, "cam-1")}
    assert {role: one.state for role, one in late.items()} == {"targets": "due", "releases": "due"}
    assert late["targets"].do == "careful release renew cam-1 --keys DIR"
    assert [one["role"] for one in events(world, "updates.metadata_expiring")] == ["targets", "releases"]
    clock.advance(LIFE["targets"] * 0.15)
    updates.renew(world)
    assert {one.state for one in updates.expiring(world)} == {"soon"}
    clock.advance(LIFE["targets"] * 0.1)
    assert {one.state for one in updates.expiring(world) if one.role != "timestamp"} == {"expired"}
    assert updates.expiring(world, "cam-9") == []
    versions = updates.renew_kept(world, staff, "cam-1", [Keys(tmp_path / "stick")])
    assert (versions["targets"], versions["releases"]) == (2, 3)
    updates.renew(world)
    assert updates.expiring(world) == []


def test_the_online_roles_renew_themselves_and_a_dead_worker_shows(world, clock, maker):
    maker.release("1.0.0")
    clock.advance(LIFE["timestamp"] * 0.9)
    assert [(one.role, one.state) for one in updates.expiring(world)] == [("timestamp", "soon")]
    updates.renew(world)
    assert updates.expiring(world) == []


def test_renewal_does_not_publish_what_was_only_signed(world, staff, clock, maker, client):
    maker.release("1.0.0")
    two = maker.release("1.0.1", publish=False)
    updates.sign_release(world, staff, two.id)
    clock.advance(timedelta(days=300))
    assert updates.renew(world) > 0
    assert updates.published(world, "cam-1").targets == ("1.0.0/cam-1-1.0.0.img",)
    clock.advance(-timedelta(days=300))
    client.fetch("1.0.0/cam-1-1.0.0.img")
    updates.sign_release(world, staff, two.id)
    updates.publish(world, staff, two.id)
    assert len(updates.published(world, "cam-1").targets) == 2


def test_what_is_due_is_drafted_with_what_is_in_force(world, clock, maker):
    maker.release("1.0.0")
    repository = publishing.ensure_repository(world, "cam-1")
    assert renewal.renewals(repository, clock.now()) == []
    clock.advance(LIFE["root"] * 0.8)
    root, targets = renewal.renewals(repository, clock.now())
    assert list(root.documents) == ["root"]
    assert list(targets.documents) == ["targets", "releases"]
    assert list(targets.documents["releases"].signed.targets) == ["1.0.0/cam-1-1.0.0.img"]


def test_a_worker_looks_closely_only_where_something_changed_or_is_due(
    world, staff, clock, maker, tmp_path, monkeypatch
):
    looks = []
    real = renewal._renew
    monkeypatch.setattr(renewal, "_renew", lambda *given: (looks.append(given), real(*given))[1])
    worker = renewal.Renewer()
    maker.release("1.0.0")

    def ticks(number: int) -> int:
        looks.clear()
        for _ in range(number):
            worker.advance(world)
        return len(looks)

    assert ticks(5) == 1
    maker.release("1.0.1")
    assert ticks(5) == 1
    clock.advance(LIFE["timestamp"] * 0.6)
    assert ticks(5) == 1
    assert updates.published(world, "cam-1").versions["timestamp"] == 4
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick")
    clock.advance(LIFE["targets"] * 0.8)
    assert ticks(5) == 1
    assert len(updates.expiring(world)) == 2
    updates.import_keys(world, staff, "cam-1", tmp_path / "stick")
    clock.advance(timedelta(minutes=6))
    assert ticks(5) == 1
    assert updates.expiring(world) == []
