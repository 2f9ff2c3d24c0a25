"""`careful approvals` as typed: shown, agreed to by a person who signs in there, refused."""

import json
from collections.abc import Iterator
from typing import Any

import persons
import pytest
from click.testing import CliRunner

from careful import people
from careful.entrypoints.cli.approvals import command
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import NeedsSecond, Refused, Unauthenticated
from careful.workflows import second_person

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _cheap_hashing() -> Iterator[None]:
    with persons.cheap_hashing():
        yield


def test_listed_shown_agreed_to_and_refused(world: Any, clock: Any) -> None:
    class Parts:
        def world(self) -> Any:
            return world

    def typed(*arguments: str, given: str = "") -> str:
        done = CliRunner().invoke(command, arguments, obj=Parts(), input=given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    ann = persons.enrol(world, clock, people.first_link(world))
    ben = persons.enrol(world, clock, people.invite(world, OPERATOR, ("executive",)), "ben@example.org", "Ben")
    sue = persons.enrol(world, clock, people.invite(world, OPERATOR, ("support",)), "sue@example.org", "Sue")
    assert "Nothing waits" in typed("list")
    with pytest.raises(NeedsSecond, match="two people") as told:
        second_person.change_roles(world, OPERATOR, sue.id, ("privacy-officer",), reason="She takes over.")
    waits = people.approval_of(world, told.value.approval)
    assert "Raise a role" in typed("list")
    assert json.loads(typed("show", waits.id, "--json"))["lines"]["Roles then"] == "privacy-officer"
    with pytest.raises(Unauthenticated):
        typed("approve", waits.id, "--as", ben.email, given=f"y\n{persons.PASSWORD}\n000000\n")
    assert "1 more" in typed("approve", waits.id, "--as", ben.email, given=f"y\n{persons.PASSWORD}\n{ben.code()}\n")
    said = typed("approve", waits.id, "--as", ann.email, given=f"y\n{persons.PASSWORD}\n{ann.code()}\n")
    assert "She takes over." in said
    assert "Done." in said
    assert people.account(world, sue.id).roles == ("privacy-officer",)
    assert not [one for one in people.sessions_of(world) if one.source == "command line"]
    with pytest.raises(Refused, match="done already"):
        typed("refuse", waits.id, "--reason", "Late.")
    with pytest.raises(NeedsSecond) as told:
        second_person.change_roles(world, OPERATOR, sue.id, ("administrator",), reason="A mistake.")
    assert "is refused" in typed("refuse", told.value.approval, "--reason", "A mistake.")
    assert "refused" in typed("list", "--all")
