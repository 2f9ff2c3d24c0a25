"""`careful doctor`: what is well is said, every fault comes with the command that mends it."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from household import make_house
from makers import Maker
from sqlalchemy import text
from village import STAFF, Village

sys.path.insert(0, str(Path(__file__).parents[2] / "demo"))
from town import Town

from careful import customer_data, monitoring, updates
from careful.entrypoints.cli import doctor
from careful.kernel import outbox
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Unavailable
from careful.kernel.settings import Settings
from careful.kernel.work import World


@pytest.fixture
def quiet(world: World) -> World:
    """An installation of which nothing runs."""
    world.home.chmod(0o700)
    numbers = dict.fromkeys(("console_port", "public_port", "device_port", "mqtt_port"), 1)
    return dataclasses.replace(world, settings=Settings(data=world.home, **numbers))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory.mktemp("town") / "home", ("plug-1",))
    yield made
    made.close()


def run(world: World, *arguments: str) -> Result:
    class Parts:
        def world(self) -> World:
            return world

    return CliRunner().invoke(doctor.command, arguments, obj=Parts())


def states(world: World) -> dict[str, str]:
    return {one.name: one.state for one in doctor.examine(world)}


def test_nothing_runs(quiet: World):
    found = {one.name: one for one in doctor.examine(quiet)}
    for name in ("console_port", "public_port", "device_port", "mqtt_port", "device TLS", "gateway TLS"):
        assert (found[name].state, found[name].do) == ("bad", "careful up")
    assert (found["feeds"].state, found["feeds"].do) == ("warning", "careful feeds sync")
    for name in ("clock", "keys", "ledger", "outbox"):
        assert found[name].state == "good", found[name]
    assert "data folder" not in found


def test_every_fault_says_what_to_do(quiet: World):
    assert all(one.do for one in doctor.examine(quiet) if one.state != "good")


def test_for_people_and_programs(quiet: World):
    done = run(quiet)
    assert done.exit_code == 1
    assert "bad      mqtt_port     Nothing answers on port 1.  ->  careful up" in done.output
    done = run(quiet, "--json")
    assert done.exit_code == 1
    assert {one["name"] for one in json.loads(done.stdout)} >= {"clock", "disk", "keys", "ledger", "outbox", "feeds"}


def test_doors_that_answer(town: Town):
    found = {one.name: one for one in doctor.examine(town.world)}
    for name in ("device_port", "mqtt_port", "device TLS", "gateway TLS"):
        assert found[name].state == "good", found[name]
    assert found["console_port"].name == "console_port"
    assert "Certificate good for" in found["device TLS"].says


def test_a_server_with_a_strangers_certificate(town: Town, quiet: World):
    """Another installation's server stands on our ports."""
    numbers = {name: getattr(town.world.settings, name) for name in ("device_port", "mqtt_port")}
    mixed = dataclasses.replace(quiet, settings=quiet.settings.model_copy(update=numbers))
    found = {one.name: one for one in doctor.tls(mixed)}
    assert {one.state for one in found.values()} == {"bad"}
    assert "TLS failed" in found["device TLS"].says


def test_all_well_exits_0(quiet: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "CHECKS", (doctor.clock, doctor.ledger_proof, doctor.messages))
    assert run(quiet).exit_code == 0


def test_a_key_that_others_may_read(quiet: World):
    quiet.keys.ensure("some", "ed25519")
    path = quiet.keys.path("some")
    path.chmod(0o644)
    quiet.home.chmod(0o755)
    found = {one.name: one for one in doctor.key_modes(quiet)}
    assert (found["keys"].state, found["keys"].do) == ("bad", f"chmod -R go= {path.parent}")
    assert (found["data folder"].state, found["data folder"].do) == ("bad", f"chmod go= {quiet.home}")


def test_a_disk_that_is_nearly_full(quiet: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))
    (found,) = doctor.disk(quiet)
    assert (found.state, found.says) == ("bad", "0.0 GB free.")


def test_an_altered_ledger(quiet: World, tmp_path: Path):
    Village(quiet, tmp_path).declare()
    with quiet.database.transaction("write") as connection:
        connection.execute(text("UPDATE ledger_entry SET body = replace(body, 'staff:ann', 'staff:eve')"))
    assert states(quiet)["ledger"] == "bad"


def test_mail_that_cannot_be_delivered(quiet: World):
    def broken(_world: World, _message: outbox.Message) -> None:
        raise Unavailable("No.")

    with quiet.change(STAFF) as work:
        work.post("mail", {})
    with quiet.database.transaction("write") as connection:
        connection.execute(outbox.messages.update().values(attempts=outbox.MAX_ATTEMPTS - 1))
    outbox.deliver(quiet, {"mail": broken})
    assert states(quiet)["outbox"] == "warning"


def test_fresh_feeds(quiet: World, tmp_path: Path):
    village = Village(quiet, tmp_path)
    village.hear()
    assert states(quiet)["feeds"] == "good"
    village.later(hours=25)
    assert states(quiet)["feeds"] == "warning"


def test_a_check_that_cannot_look_is_itself_a_fault(quiet: World, monkeypatch: pytest.MonkeyPatch):
    def blind(_world: World) -> Iterator[doctor.Check]:
        yield from ()
        raise PermissionError("no looking")

    monkeypatch.setattr(doctor, "CHECKS", (blind,))
    (found,) = doctor.examine(quiet)
    assert (found.name, found.state) == ("blind", "bad")
    assert "no looking" in found.says


def test_update_metadata_that_nobody_renews(quiet: World, tmp_path: Path):
    assert [one.state for one in doctor.update_metadata(quiet)] == ["good"]
    Maker(quiet, STAFF, tmp_path).release("1.0.0")
    assert [one.state for one in doctor.update_metadata(quiet)] == ["good"]
    quiet.clock.advance(timedelta(days=1, hours=20))
    assert [(one.state, one.do) for one in doctor.update_metadata(quiet)] == [
        ("bad", "The worker renews it: careful up")
    ]
    quiet.clock.advance(timedelta(days=299))
    found = list(doctor.update_metadata(quiet))
    assert {one.state for one in found} == {"warning", "bad"}
    assert "devices install nothing" in found[0].says


def test_a_token_with_the_servers_keys(quiet: World, token: str):
    assert list(doctor.signing_token(quiet)) == []
    with_token = dataclasses.replace(quiet, settings=quiet.settings.model_copy(update={"signing_token": token}))
    assert [(one.state, one.says) for one in doctor.signing_token(with_token)] == [("good", "0 keys in it.")]
    unplugged = quiet.settings.model_copy(update={"signing_token": token.replace("token=", "token=un")})
    found = {one.name: one for one in doctor.examine(dataclasses.replace(quiet, settings=unplugged))}
    assert found["signing_token"].state == "bad"
    assert "not plugged in" in found["signing_token"].says


def test_how_long_the_online_roles_hold(quiet: World, tmp_path: Path):
    assert list(doctor.online_roles(quiet)) == []
    Maker(quiet, STAFF, tmp_path).release("1.0.0")
    [found] = doctor.online_roles(quiet)
    assert found.state == "good"
    assert found.says.startswith("cam-1: timestamp until ")
    assert "(48 hours left), snapshot until" in found.says
    assert "(14 days left)" in found.says
    quiet.clock.advance(timedelta(days=1, minutes=10))
    [found] = doctor.online_roles(quiet)
    assert (found.state, found.do) == ("warning", "The worker does it: careful up")
    assert found.says.startswith("cam-1: timestamp should have been signed anew by now;")
    quiet.clock.advance(timedelta(days=1))
    [found] = doctor.online_roles(quiet)
    assert (found.state, "(over)" in found.says) == ("bad", True)
    updates.renew(quiet)
    assert [one.state for one in doctor.online_roles(quiet)] == ["good"]


def test_whether_deltas_are_made(quiet: World, monkeypatch: pytest.MonkeyPatch):
    assert [one.state for one in doctor.deltas(quiet)] == ["good"]
    monkeypatch.setitem(sys.modules, "detools", None)  # as if it were not installed
    [found] = doctor.deltas(quiet)
    assert (found.state, "detools is not installed" in found.says) == ("warning", True)
    assert "careful[deltas]" in found.do
    none = dataclasses.replace(quiet, settings=quiet.settings.model_copy(update={"delta_bytes": 0}))
    [found] = doctor.deltas(none)
    assert (found.state, "CAREFUL_DELTA_BYTES" in found.says) == ("good", True)


def test_customers_keys_are_here_and_gone_in_time(quiet: World, tmp_path: Path) -> None:
    def said() -> list[tuple[str, str]]:
        return [(one.state, one.says) for one in doctor.customers_keys(quiet)]

    assert said() == []
    house = make_house(quiet, STAFF, tmp_path)
    customer_data.key_of(quiet, "cam-1-001")
    assert said()[0][0] == "good"
    key = quiet.home / customer_data.FOLDER / "epoch-00001.key"
    kept = key.read_bytes()
    key.unlink()
    assert said()[0] == ("bad", f"The key of epoch 1 is not in {key.parent}, so no customer's key can be used.")
    key.write_bytes(b"x" * 32)
    assert "not the one" in said()[0][1]
    key.write_bytes(kept)
    house.world.clock.advance(timedelta(days=40))  # type: ignore[attr-defined]
    assert "was to be destroyed by" in said()[0][1]
    customer_data.turn_epochs(quiet)
    assert said()[0][0] == "good"


def test_whether_devices_are_watched(quiet: World, clock: ManualClock) -> None:
    def said() -> str:
        return next(one.state for one in doctor.watch(quiet) if one.name == "watch")

    assert said() == "warning"
    monitoring.note_watched(quiet, "mqtt", 1, 1, 0)
    assert said() == "good"
    clock.advance(timedelta(hours=3))
    assert said() == "bad"
