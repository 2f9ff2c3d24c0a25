"""What a live connection may say follows the release that it reports, and the consents of its customer."""

import json
import time

import pytest

from careful import customer_data, devices, products, releases
from careful.entrypoints.gateway import intake
from careful.entrypoints.gateway.mqtt import upward
from careful.entrypoints.gateway.mqtt.packets import PubAck, Publish
from careful.kernel import inbox, ledger

ME = "cam-1-001"
SBOM = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}).encode()
NARROW, WIDE = b"[celsius, n]", b"[celsius, n, humidity]"
HUMID = b'{"humidity":40}'


@pytest.fixture
def redeclare(world, staff):
    def run(*changes):
        text = products.text_of(world, "cam-1", products.get(world, "cam-1").version)
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        products.declare(world, staff, text)
        products.approve(world, staff, "cam-1")

    return run


@pytest.fixture
def ship(world, staff, tmp_path):
    def run(version):
        image = tmp_path / f"{version}.img"
        image.write_bytes(version.encode())
        return releases.add(world, staff, "cam-1", version, image, SBOM, ("rev-a",)).release

    return run


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(upward, "REFUSALS_MOST", 10_000)  # things are tried until they pass


def passes(one, payload, topic=f"d/{ME}/up/climate"):
    """Say something, and something that always passes, and tell whether the first was acknowledged."""
    one.send(Publish(topic, payload, 1, 3), Publish(f"d/{ME}/state/reported", b"{}", 1, 4))
    found = one.receive()
    return found == PubAck(3) and one.receive() == PubAck(4)


def test_old_firmware_is_checked_against_its_own_declaration(gateway, world, staff, redeclare, ship, eventually):
    old = ship("1.0.0")
    redeclare((NARROW, WIDE))
    ship("2.0.0")
    one = gateway.join(gateway.make(ME))
    assert passes(one, HUMID)  # it has not said what it runs: the file in force counts
    one.say(f"d/{ME}/state/reported", b'{"version":"1.0.0"}')
    eventually(lambda: not passes(one, HUMID))
    one.say(f"d/{ME}/state/reported", b'{"version":"2.0.0"}')
    eventually(lambda: passes(one, HUMID))
    one.say(f"d/{ME}/state/reported", b'{"version":"1.0.0"}')
    eventually(lambda: not passes(one, HUMID))
    (row,) = eventually(lambda: customer_data.refused_fields(world, "cam-1"))
    assert (row.release, row.item, row.field, row.kind, row.devices) == (
        "1.0.0", "climate", "humidity", "undeclared-field", 1,
    )  # fmt: skip
    releases.withdraw(world, staff, old.id, "faulty")
    eventually(lambda: passes(one, HUMID))


def test_a_release_that_was_said_another_way_counts_too(gateway, world, redeclare, ship, eventually):
    ship("1.0.0")
    redeclare((NARROW, WIDE))
    one = gateway.join(gateway.make(ME))
    assert passes(one, HUMID)
    devices.report_version(world, ME, "1.0.0", "ddi")
    eventually(lambda: not passes(one, HUMID))


def test_the_release_is_known_again_after_a_reconnection_and_can_be_pinned_anew(
    gateway, world, staff, redeclare, ship, eventually
):
    old = ship("1.0.0")
    who = gateway.make(ME)
    gateway.join(who).say(f"d/{ME}/state/reported", b'{"version":"1.0.0"}')
    eventually(lambda: _version(world) == "1.0.0")
    redeclare((NARROW, WIDE))
    one = gateway.join(who)
    assert not passes(one, HUMID)
    releases.pin(world, staff, old.id, 2, "it always sent humidity")
    eventually(lambda: passes(one, HUMID))


def _version(world):
    return devices.get(world, ME).version


def test_no_data_before_consent(gateway, world, staff, redeclare, eventually):
    redeclare((b"[position, tags], ", b"[position, tags], consent: parental, "))
    place, payload = f"d/{ME}/up/place", b'{"tags":[1]}'
    one = gateway.join(gateway.make(ME))
    assert not passes(one, payload, place)
    started = time.monotonic()
    customer_data.give_consent(world, staff, ME, "place", method="card-check")
    eventually(lambda: passes(one, payload, place))
    assert time.monotonic() - started < 3
    customer_data.withdraw_consent(world, staff, ME, "place")
    eventually(lambda: not passes(one, payload, place))
    customer_data.give_consent(world, staff, ME, "place", method="card-check")
    eventually(lambda: passes(one, payload, place))
    assert eventually(lambda: _told(world, "customer_data.data_began"))[0]["item"] == "place"
    assert eventually(lambda: customer_data.refused_fields(world, "cam-1"))[0].kind == "missing-consent"


def _told(world, name):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=[name])]


def test_a_field_at_fault_is_left_out_and_counted(gateway, world, redeclare, eventually):
    redeclare((b"types: {celsius: number}", b"types: {celsius: number}, refusal: field"))
    one = gateway.join(gateway.make(ME))
    assert passes(one, b'{"celsius": 20, "n": 1, "ssid": "home"}')
    assert inbox.latest(world.home, ME, "climate").payload == b'{"celsius":20,"n":1}'
    (row,) = eventually(lambda: customer_data.refused_fields(world, "cam-1"))
    assert (row.field, row.count, row.left_out) == ("ssid", 1, 1)
    found = eventually(lambda: customer_data.observed_fields(world, "cam-1"))
    assert {(each.item, each.field): each.count for each in found} == {
        ("climate", ""): 1, ("climate", "celsius"): 1, ("climate", "n"): 1,
    }  # fmt: skip


def test_more_than_the_declared_rate_is_refused(gateway, redeclare, refused):
    redeclare((b"types: {celsius: number}", b"types: {celsius: number}, rate: {messages: 2, per: hour}"))
    one = gateway.join(gateway.make(ME))
    assert [passes(one, b'{"n": 1}') for _ in range(3)] == [True, True, False]
    assert refused(ME, "over-rate").detail == "climate"


def test_a_device_that_changes_its_mind_all_the_time_is_asked_for_now_and_then(
    gateway, redeclare, ship, eventually, monkeypatch
):
    asked = []
    monkeypatch.setattr(intake.Intake, "anew", counting(asked, intake.Intake.anew))
    ship("1.0.0")
    redeclare((NARROW, WIDE))
    one = gateway.join(gateway.make(ME))
    before = len(asked)
    for number in range(200):
        said = b'{"version":"9.%d"}' % number
        one.send(Publish(f"d/{ME}/state/reported", said, 1, 9))
        assert one.receive() == PubAck(9)
    one.say(f"d/{ME}/state/reported", b'{"version":"1.0.0"}')
    eventually(lambda: not passes(one, HUMID))
    assert len(asked) - before < 20
    assert {row.release for row in eventually(lambda: customer_data.refused_fields(gateway.world))} <= {"", "1.0.0"}


def counting(calls, real):
    def anew(*given):
        calls.append(given)
        return real(*given)

    return anew
