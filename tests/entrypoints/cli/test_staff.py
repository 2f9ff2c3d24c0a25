"""`careful staff` as typed."""

import json
from collections.abc import Callable, Iterator

import persons
import pytest
from click.testing import CliRunner, Result

from careful import people
from careful.entrypoints.cli.staff import command
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _cheap_hashing() -> Iterator[None]:
    with persons.cheap_hashing():
        yield


@pytest.fixture
def run(world: World) -> Run:
    class Parts:
        def world(self) -> World:
            return world

    def typed(*arguments: str) -> Result:
        done = CliRunner().invoke(command, arguments, obj=Parts())
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return typed


@pytest.fixture
def ann(world: World, clock: ManualClock) -> persons.Person:
    return persons.enrol(world, clock, people.first_link(world))


def test_the_first_link_lets_the_owner_in(run: Run, world: World, clock: ManualClock) -> None:
    said = run("link").output
    assert "60 minutes" in said
    person = persons.enrol(world, clock, said.split()[-1])
    assert people.account(world, person.id).roles == ("administrator",)
    with pytest.raises(Refused, match="sign in already"):
        run("link")


def test_an_invitation_with_roles(run: Run, ann: persons.Person) -> None:
    told = json.loads(run("link", "--role", "support", "--role", "auditor", "--json").output)
    bob = persons.enrol(ann.world, ann.clock, told["link"], "bob@example.org", "Bob")
    assert told["minutes"] == people.LINK_MINUTES
    assert people.account(ann.world, bob.id).roles == ("auditor", "support")


def test_a_way_back_in(run: Run, ann: persons.Person) -> None:
    link = json.loads(run("link", "--recover", ann.email, "--json").output)["link"]
    assert people.waiting_link(ann.world, persons.token_in(link)).purpose == "recovery"
    with pytest.raises(NotFound):
        run("link", "--recover", "eve@example.org")
    with pytest.raises(Invalid, match="not both"):
        run("link", "--recover", ann.email, "--role", "administrator")


def test_listing(run: Run, world: World) -> None:
    assert "careful staff link" in run("list").output
    assert json.loads(run("list", "--json").output) == []


def test_listing_people(run: Run, ann: persons.Person) -> None:
    line = run("list").output.splitlines()[1].split("\t")
    assert line == ["Ann", "ann@example.org", "administrator", "active", "0", "yes", "1"]
    told = json.loads(run("list", "--json").output)
    assert (told[0]["email"], told[0]["state"]) == ("ann@example.org", "active")
    assert not {"password_hash", "totp_sealed", "digest"} & set(told[0])


def test_ending_sessions(run: Run, ann: persons.Person) -> None:
    ann.sign_in()
    assert "2 sessions of Ann ended" in run("end-sessions", ann.email).output
    assert json.loads(run("end-sessions", ann.email, "--json").output)["ended"] == 0


def test_roles_and_disabling(run: Run, ann: persons.Person) -> None:
    told = json.loads(run("link", "--role", "firmware-engineer", "--json").output)
    bob = persons.enrol(ann.world, ann.clock, told["link"], "bob@example.org", "Bob")
    assert "Bob is now auditor, support." in run("roles", bob.email, "--role", "support", "--role", "auditor").output
    assert "no access any more" in run("disable", bob.email).output
    assert people.account(ann.world, bob.id).state == "disabled"
    with pytest.raises(Refused, match="last administrator"):
        run("disable", ann.email)
