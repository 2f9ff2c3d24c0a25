"""Enrolling and renewing: who gets a certificate, who does not, and what a refusal leaves behind (nothing)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from sqlalchemy import func, select

from careful import devices, products
from careful.devices import enrolment, store
from careful.devices.certificates import MUD_URL
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import CarefulError, Forbidden, Invalid, Refused, TooMany, Unauthenticated
from careful.kernel.work import World


def entries(world: World, name: str) -> list[ledger.Entry]:
    with world.look() as connection:
        return ledger.read(connection, names=[name])


def certificates(world: World) -> int:
    with world.look() as connection:
        return int(connection.execute(select(func.count()).select_from(store.certificate)).scalar_one())


def test_a_device_enrols(world: World, fleet: Any) -> None:
    der = fleet.enrol()
    made = x509.load_der_x509_certificate(der)
    device = devices.get(world, "cam-1-001")
    assert device.state == "enrolled"
    assert device.certificate_until == made.not_valid_after_utc
    assert made.not_valid_after_utc == (world.clock.now() + timedelta(days=world.settings.certificate_days)).replace(
        microsecond=0
    )
    [entry] = entries(world, "devices.enrolled")
    assert entry.actor == "device:cam-1-001"
    assert entry.data["certificate"] == device.certificate_sha256
    assert entry.data["product"] == "cam-1"


def test_a_batch_token_lets_the_device_choose_a_new_name(world: World, staff: Actor, fleet: Any) -> None:
    one, two = (made.token for made in devices.make_tokens(world, staff, "cam-1", 2, "rev-b"))
    devices.enrol(world, one, fleet.csr("chosen"), None, "test")
    assert devices.get(world, "chosen").hardware == "rev-b"
    with pytest.raises(Refused, match="taken") as refused:
        devices.enrol(world, two, fleet.csr("chosen"), None, "test")
    assert refused.value.where == "device.taken"


Break = Callable[[Any, World, Actor, ManualClock], tuple[str, bytes, str | None]]


def _unknown(fleet: Any, *_: Any) -> tuple[str, bytes, str | None]:
    return "guess", fleet.csr("cam-1-001"), None


def _used(fleet: Any, world: World, *_: Any) -> tuple[str, bytes, str | None]:
    token = fleet.token().token
    devices.enrol(world, token, fleet.csr("cam-1-001"), None, "test")
    return token, fleet.csr("cam-1-001"), None


def _expired(fleet: Any, world: World, _staff: Actor, clock: ManualClock) -> tuple[str, bytes, str | None]:
    token = fleet.token().token
    clock.advance(timedelta(hours=world.settings.enrolment_token_hours))
    return token, fleet.csr("cam-1-001"), None


def _other_device(fleet: Any, *_: Any) -> tuple[str, bytes, str | None]:
    return fleet.token().token, fleet.csr("cam-1-002"), None


def _other_product(fleet: Any, *_: Any) -> tuple[str, bytes, str | None]:
    return fleet.token().token, fleet.csr("cam-1-001"), "lock-1"


def _key_of_another(fleet: Any, *_: Any) -> tuple[str, bytes, str | None]:
    key = fleet.new_key()
    fleet.enrol("cam-1-002", key=key)
    return fleet.token().token, fleet.csr("cam-1-001", key), None


def _serial_of_another(fleet: Any, world: World, *_: Any) -> tuple[str, bytes, str | None]:
    devices.enrol(world, fleet.token("cam-1-002").token, fleet.csr("cam-1-002", serial="SN-1"), None, "test")
    return fleet.token().token, fleet.csr("cam-1-001", serial="SN-1"), None


def _another_serial(fleet: Any, world: World, *_: Any) -> tuple[str, bytes, str | None]:
    devices.enrol(world, fleet.token().token, fleet.csr("cam-1-001", serial="SN-1"), None, "test")
    return fleet.token().token, fleet.csr("cam-1-001", serial="SN-2"), None


def _quarantined(fleet: Any, world: World, staff: Actor, _clock: ManualClock) -> tuple[str, bytes, str | None]:
    token = fleet.token().token
    devices.quarantine(world, staff, "cam-1-001", "odd")
    return token, fleet.csr("cam-1-001"), None


def _broken(fleet: Any, *_: Any) -> tuple[str, bytes, str | None]:
    return fleet.token().token, b"noise", None


@pytest.mark.parametrize(
    ("prepare", "kind", "where"),
    [
        pytest.param(_unknown, Unauthenticated, "token.unknown", id="unknown token"),
        pytest.param(_used, Unauthenticated, "token.used", id="used token"),
        pytest.param(_expired, Unauthenticated, "token.expired", id="expired token"),
        pytest.param(_other_device, Forbidden, "token.device", id="token of another device"),
        pytest.param(_other_product, Forbidden, "token.product", id="token of another product"),
        pytest.param(_key_of_another, Refused, "key.seen", id="key seen on another device"),
        pytest.param(_serial_of_another, Refused, "serial.seen", id="serial of another device"),
        pytest.param(_another_serial, Refused, "serial.seen", id="serial changed"),
        pytest.param(_quarantined, Refused, "device.state", id="quarantined device"),
        pytest.param(_broken, Invalid, "csr", id="unreadable request"),
    ],
)
def test_a_refusal_changes_nothing_and_is_counted(
    world: World, staff: Actor, clock: ManualClock, fleet: Any, prepare: Break, kind: type[CarefulError], where: str
) -> None:
    token, csr, label = prepare(fleet, world, staff, clock)
    before = certificates(world), devices.list_devices(world)
    with pytest.raises(kind) as refused:
        devices.enrol(world, token, csr, label, "192.0.2.1")
    assert refused.value.where == where
    assert (certificates(world), devices.list_devices(world)) == before
    assert [(one.kind, one.count) for one in devices.refusals(world, "")] == [(f"enrol.{where}", 1)]
    [entry] = entries(world, "devices.enrolment_refused")
    assert entry.data == {"reason": where, "count": 1}
    assert "192.0.2.1" not in str(entry)


def test_a_refused_request_leaves_the_token_good(world: World, fleet: Any) -> None:
    token = fleet.token().token
    for bad in (b"noise", fleet.csr("cam-1-002")):
        with pytest.raises(CarefulError):
            devices.enrol(world, token, bad, None, "test")
    assert devices.enrol(world, token, fleet.csr("cam-1-001"), "cam-1", "test")


def test_a_token_works_once_however_many_ask_at_once(world: World, fleet: Any) -> None:
    token = fleet.token().token
    requests = [fleet.csr("cam-1-001") for _ in range(6)]
    devices.authority_chain(world)

    def ask(csr: bytes) -> bool:
        try:
            return bool(devices.enrol(world, token, csr, None, "test"))
        except Unauthenticated:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, requests)) == 1
    assert certificates(world) == 1


def test_a_device_whose_answer_was_lost_asks_again_with_its_key(
    world: World, clock: ManualClock, fleet: Any, staff: Actor
) -> None:
    for token, name in (
        (fleet.token().token, "cam-1-001"),
        (devices.make_tokens(world, staff, "cam-1", 1, "rev-b")[0].token, "b"),
    ):
        csr = fleet.csr(name, fleet.new_key())
        devices.enrol(world, token, csr, None, "test")
        with pytest.raises(Unauthenticated, match="has been used"):
            devices.enrol(world, token, csr, None, "test")
        clock.advance(enrolment.REPEAT_AFTER)
        with pytest.raises(Unauthenticated, match="has been used"):
            devices.enrol(world, token, fleet.csr(name), None, "test")  # another key: somebody else
        [second] = devices.enrol(world, token, csr, "cam-1", "test")
        assert devices.identify(world, second).state == "active"
        with pytest.raises(Unauthenticated, match="has been used"):
            devices.enrol(world, token, csr, None, "test")  # the certificate arrived: nothing was lost


def test_a_lost_answer_is_repeated_ten_times_an_hour_and_never_past_the_token(
    world: World, clock: ManualClock, fleet: Any
) -> None:
    token, csr = fleet.token().token, fleet.csr("cam-1-001", fleet.new_key())
    for _ in range(10):
        devices.enrol(world, token, csr, None, "test")
        clock.advance(enrolment.REPEAT_AFTER)
    with pytest.raises(TooMany):
        devices.enrol(world, token, csr, None, "test")
    clock.advance(timedelta(hours=world.settings.enrolment_token_hours))
    with pytest.raises(Unauthenticated, match="has been used"):
        devices.enrol(world, token, csr, None, "test")


def test_a_key_belongs_to_one_device_however_many_claim_it_at_once(world: World, fleet: Any) -> None:
    key = fleet.new_key()
    asked = [(fleet.token(name).token, fleet.csr(name, key)) for name in ("a", "b", "c", "d")]
    devices.authority_chain(world)

    def ask(pair: tuple[str, bytes]) -> bool:
        try:
            return bool(devices.enrol(world, *pair, None, "test"))
        except Refused:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, asked)) == 1


def test_renewal_continues_the_line(world: World, fleet: Any) -> None:
    first = fleet.active()
    [second] = devices.re_enrol(world, first, fleet.csr("cam-1-001"), "cam-1")
    assert devices.identify(world, first).device == "cam-1-001"  # still good
    devices.identify(world, second)
    with pytest.raises(Forbidden, match="superseded"):
        devices.identify(world, first)
    with pytest.raises(Forbidden, match="superseded"):
        devices.re_enrol(world, first, fleet.csr("cam-1-001"))
    line = devices.certificates_of(world, "cam-1-001")
    assert [(one.number, one.ended_why) for one in line] == [(2, None), (1, "superseded")]
    [entry] = entries(world, "devices.renewed")
    assert (entry.data["replaces"], entry.data["certificate"]) == (line[1].sha256, line[0].sha256)
    assert entry.data["late"] is False


def test_a_lost_answer_does_not_lose_the_device(world: World, fleet: Any) -> None:
    first = fleet.active()
    [_lost] = devices.re_enrol(world, first, fleet.csr("cam-1-001"))
    [third] = devices.re_enrol(world, first, fleet.csr("cam-1-001"))
    assert devices.identify(world, third).state == "active"


def test_an_expired_certificate_is_renewed_within_the_grace_only(world: World, clock: ManualClock, fleet: Any) -> None:
    certificate = fleet.active()
    clock.advance(timedelta(days=world.settings.certificate_days + world.settings.renew_grace_days))
    with pytest.raises(Unauthenticated, match="expired"):
        devices.identify(world, certificate)
    assert devices.re_enrol(world, certificate, fleet.csr("cam-1-001"))
    assert entries(world, "devices.renewed")[0].data["late"] is True
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthenticated, match="too long ago"):
        devices.re_enrol(world, certificate, fleet.csr("cam-1-001"))


def test_renewal_keeps_the_subject(world: World, fleet: Any) -> None:
    token = fleet.token().token
    [first] = devices.enrol(world, token, fleet.csr("cam-1-001", serial="SN-1"), None, "test")
    fleet.token("cam-1-002")
    for csr in (fleet.csr("cam-1-002"), fleet.csr("cam-1-001", serial="SN-2")):
        with pytest.raises(Forbidden, match="another subject"):
            devices.re_enrol(world, first, csr)
    with pytest.raises(Forbidden, match="not of 'lock-1'"):
        devices.re_enrol(world, first, fleet.csr("cam-1-001"), "lock-1")
    [second] = devices.re_enrol(world, first, fleet.csr("cam-1-001"))
    assert x509.load_der_x509_certificate(second).subject == x509.load_der_x509_certificate(first).subject


def test_a_strangers_certificate_renews_nothing(world: World, fleet: Any) -> None:
    with pytest.raises(Unauthenticated, match="not one of ours"):
        devices.re_enrol(world, devices.authority_chain(world)[0], fleet.csr("cam-1-001"))


def test_a_device_that_renews_without_end_is_stopped(world: World, clock: ManualClock, fleet: Any) -> None:
    certificate = fleet.active()
    for _ in range(9):
        devices.re_enrol(world, certificate, fleet.csr("cam-1-001"))
    with pytest.raises(TooMany):
        devices.re_enrol(world, certificate, fleet.csr("cam-1-001"))
    clock.advance(timedelta(hours=1, seconds=1))
    assert devices.re_enrol(world, certificate, fleet.csr("cam-1-001"))


def test_the_certificate_says_where_the_network_profile_is(world: World, staff: Actor, fleet: Any) -> None:
    def profile_of(der: bytes) -> bytes | None:
        held = [one for one in x509.load_der_x509_certificate(der).extensions if one.oid == MUD_URL]
        return held[0].value.value if held else None

    assert profile_of(fleet.enrol()) is None  # without https nobody could trust it
    safe = replace(world, settings=world.settings.model_copy(update={"public_url": "https://maker.example"}))
    [token] = devices.make_tokens(safe, staff, "cam-1", 1, "rev-a")
    assert profile_of(devices.enrol(safe, token.token, fleet.csr("no-profile"), None, "test")[0]) is None
    declared = b"schema: product/1\nproduct: {id: cam-1}\necosystem:\n"
    declared += b"- {id: device, edges: [{to: c, protocol: mqtts, direction: out}]}\n- {id: c, hosts: [c.example]}\n"
    products.declare(safe, staff, declared)
    [token] = devices.make_tokens(safe, staff, "cam-1", 1, "rev-a")
    with_profile = devices.enrol(safe, token.token, fleet.csr("with-profile"), None, "test")[0]
    url = b"https://maker.example/mud/cam-1.json"
    assert profile_of(with_profile) == b"\x16" + bytes([len(url)]) + url  # an IA5String
