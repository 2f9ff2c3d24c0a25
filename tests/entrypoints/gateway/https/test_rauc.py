"""RAUC's own polling, with curl in RAUC's place (no Debian release has a RAUC that polls), through mutual TLS."""

from dataclasses import replace

import pytest
from bundle_makers import raucb
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from makers import Maker

from careful import devices, updates
from careful.kernel.settings import Settings


@pytest.fixture
def world(world):
    return replace(world, settings=Settings(data=world.home))


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.device("cam-1-001")
    return made


@pytest.fixture
def poll(client, maker):
    """Poll as RAUC does: its version in a header; with `-L` it follows to the bundle."""
    certificate = x509.load_der_x509_certificate(maker.certificates["cam-1-001"])
    (client.folder / "device.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    key = maker.keys["cam-1-001"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (client.folder / "device.key").write_bytes(key)

    def asked(version, *more, device="cam-1-001"):
        said = ("-H", f"RAUC-System-Version: {version}") if version else ()
        return client.get(f"/rauc/{device}", *client.with_certificate(), *said, *more)

    return asked


@pytest.fixture
def bundle(tmp_path):
    return raucb(tmp_path).read_bytes()


@pytest.fixture
def rollout(world, staff, maker, bundle):
    maker.release("1.0.1", content=bundle, kind="raucb")
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return started


def test_rauc_is_led_to_its_bundle_and_known_by_its_next_version(world, poll, rollout, bundle):
    assert poll("1.0.0").status == 302
    led = poll("1.0.0", "-L", "-r", "4-")
    assert (led.status, led.body) == (206, bundle[4:])
    assert updates.order_for(world, "cam-1-001").state == "retrieved"
    assert poll("1.0.1").status == 204
    assert devices.get(world, "cam-1-001").version == "1.0.1"
    while updates.advance(world):
        pass
    assert updates.rollout(world, rollout).rollout.state == "finished"
    assert poll("1.0.1").status == 204


def test_rauc_has_nothing_to_do(world, poll, maker):
    assert poll("1.0.0").status == 204
    assert devices.get(world, "cam-1-001").version == "1.0.0"


def test_rauc_drops_what_was_halted(world, staff, poll, rollout):
    action = updates.order_for(world, "cam-1-001").id
    assert poll("1.0.0").status == 302
    updates.halt(world, staff, rollout, "found a fault")
    assert poll("1.0.0").status == 204
    assert updates.order(world, action).state == "cancelled"


def test_rauc_is_led_to_bundles_alone(world, staff, poll, maker):
    maker.release("1.0.1")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    assert poll("1.0.0").status == 204
    assert updates.order_for(world, "cam-1-001").state == "offered"


def test_rauc_must_say_what_it_runs_and_who_it_is(poll, client, rollout):
    silent = poll("")
    assert (silent.status, b"send-headers" in silent.body) == (400, True)
    assert poll("no version!").status == 400
    assert poll("1.0.0", device="cam-1-002").status == 403
    assert client.get("/rauc/cam-1-001", "-H", "RAUC-System-Version: 1.0.0").status == 401
