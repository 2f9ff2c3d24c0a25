"""The authorities: made once, working without the root's key, moved and brought back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from careful import devices
from careful.devices import authority
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Invalid, NotFound, Refused, Unavailable
from careful.kernel.work import World


def names(world: World) -> list[str]:
    with world.look() as connection:
        return [entry.name for entry in ledger.read(connection) if entry.name.startswith("devices.")]


def test_the_authorities_are_made_once(world: World) -> None:
    chain = devices.authority_chain(world)
    assert devices.authority_chain(world) == chain
    issuing, root = (x509.load_der_x509_certificate(der) for der in chain)
    issuing.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert names(world) == ["devices.authority_made", "devices.authority_made"]


def test_a_second_maker_finds_the_first_ones(world: World) -> None:
    first = devices.authority_chain(world)
    held = authority._make(world)  # as a process does that looked before the first had committed
    assert [held["issuing"], held["root"]] == first


def test_devices_enrol_without_the_root_key(world: World, staff: Actor, fleet: Any, tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    devices.authority_chain(world)
    devices.export_root(world, staff, file)
    assert not devices.authority_status(world).root_key_here
    assert file.stat().st_mode & 0o777 == 0o600
    assert fleet.enrol()
    assert devices.crl(world)
    devices.issue_server_certificate(world, ("other.example",))
    with pytest.raises(NotFound):
        devices.export_root(world, staff, tmp_path / "again.pem")
    devices.import_root(world, staff, file)
    assert devices.authority_status(world).root_key_here
    assert names(world).count("devices.root_key_moved") == 2


def test_without_the_issuing_key_nothing_is_issued_and_nobody_is_blamed(world: World, fleet: Any) -> None:
    token = fleet.token().token
    devices.authority_chain(world)
    key = world.keys.path("ca-issuing")
    away = key.rename(key.with_suffix(".away"))
    with pytest.raises(Unavailable, match="issuing authority's key"):
        devices.enrol(world, token, fleet.csr("cam-1-001"), None, "test")
    assert devices.refusals(world) == []
    away.rename(key)
    assert devices.enrol(world, token, fleet.csr("cam-1-001"), None, "test")


def test_exporting_over_a_file_moves_nothing(world: World, staff: Actor, tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    file.write_text("something else")
    with pytest.raises(Refused):
        devices.export_root(world, staff, file)
    assert devices.authority_status(world).root_key_here
    assert file.read_text() == "something else"


def test_a_foreign_key_is_not_taken_for_the_root(world: World, staff: Actor, tmp_path: Path) -> None:
    devices.authority_chain(world)
    foreign = world.keys.path("ca-issuing")
    noise = tmp_path / "noise"
    noise.write_bytes(b"\x00")
    for file in (foreign, noise, tmp_path / "missing"):
        with pytest.raises(Invalid):
            devices.import_root(world, staff, file)


def test_the_server_certificate_is_kept_until_it_must_change(world: World, clock: ManualClock) -> None:
    key, chain = devices.issue_server_certificate(world)
    first = chain.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    devices.issue_server_certificate(world)
    assert chain.read_bytes() == first
    clock.advance(timedelta(days=61))
    devices.issue_server_certificate(world)
    second = chain.read_bytes()
    assert second != first
    devices.issue_server_certificate(world, ("other.example",))
    assert chain.read_bytes() != second
    chain.write_text("cut short")
    devices.issue_server_certificate(world)
    assert x509.load_pem_x509_certificates(chain.read_bytes())


@pytest.mark.parametrize("bad", [(), ("",), ("x" * 300,)])
def test_a_server_without_a_name_gets_no_certificate(world: World, bad: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        devices.issue_server_certificate(world, bad)


def test_the_bundle_is_what_devices_trust(world: World) -> None:
    path = devices.authority_bundle_path(world)
    held = [
        one.public_bytes(authority.serialization.Encoding.DER)
        for one in x509.load_pem_x509_certificates(path.read_bytes())
    ]
    assert sorted(held) == sorted(devices.authority_chain(world))


def test_the_revocation_list_changes_when_revocations_do(
    world: World, staff: Actor, clock: ManualClock, fleet: Any
) -> None:
    certificate = x509.load_der_x509_certificate(fleet.active())
    empty = devices.crl(world)
    assert devices.crl(world) == empty

    def reason() -> Any:
        found = x509.load_der_x509_crl(devices.crl(world)).get_revoked_certificate_by_serial_number(
            certificate.serial_number
        )
        return found and found.extensions.get_extension_for_class(x509.CRLReason).value.reason.value

    assert reason() is None
    devices.quarantine(world, staff, "cam-1-001", "odd")
    assert reason() == "certificateHold"
    devices.restore(world, staff, "cam-1-001", "fine")
    assert reason() is None
    devices.revoke(world, staff, "cam-1-001", "key lost")
    assert reason() == "keyCompromise"
    before = devices.crl(world)
    clock.advance(timedelta(days=1))
    after = devices.crl(world)
    numbers = [
        x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for der in (empty, before, after)
    ]
    assert numbers == sorted(set(numbers))
    clock.advance(timedelta(days=31))
    assert reason() is None  # expired by itself


def test_files_are_signed_by_a_certificate_that_is_renewed(world: World, clock: ManualClock) -> None:
    def signer() -> x509.Certificate:
        return x509.load_pem_x509_certificate((world.home / "authority" / "signer-chain.pem").read_bytes())

    assert devices.sign_file(world, b"one") != devices.sign_file(world, b"two")
    first = signer()
    issuing = x509.load_der_x509_certificate(devices.authority_chain(world)[0])
    first.verify_directly_issued_by(issuing)
    assert first.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    clock.advance(timedelta(days=200))
    devices.sign_file(world, b"one")
    assert signer() == first
    clock.advance(timedelta(days=60))
    devices.sign_file(world, b"one")
    assert signer().not_valid_after_utc > first.not_valid_after_utc
