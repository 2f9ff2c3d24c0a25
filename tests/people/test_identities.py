"""Signing in by a provider that runs: groups, linking, proving again, and what is not taken from it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import oidc_provider
import pytest
from oidc_provider import Company
from persons import DOOR, Person

from careful import people
from careful.kernel import ledger
from careful.kernel.errors import CarefulError, Forbidden, NotFound, Refused, Unauthenticated
from careful.kernel.work import World
from careful.people.weighty import NEVER

sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with oidc_provider.running() as running:
        yield running


def come(company: Company, world: World, subject: str, holder: str = "browser") -> people.Session:
    away = people.begin_identity(world, holder, "in", DOOR, "/settings")
    done = people.finish_identity(world, holder, company.let_in(away, subject), DOOR, None)
    assert done.target == "/settings"
    return people.find(world, done.secret)


def recorded(world: World, name: str) -> list[dict[str, Any]]:
    with world.look() as connection:
        return [dict(entry.data) for entry in ledger.read(connection, names=(f"people.{name}",))]


def test_groups_give_roles_at_each_sign_in_and_the_ledger_says_so(ann: Person, company: Company) -> None:
    world = company.world(ann.world)
    company.person("u-1", name="Uma", email="uma@example.org", groups=["desk", "other"])
    first = come(company, world, "u-1")
    assert (first.name, first.roles) == ("Uma", ("support",))
    assert not people.has_recent_proof(first, world.clock.now())
    company.person("u-1", name="Uma", email="uma@example.org", groups=["desk", "careful-admins"])
    second = come(company, world, "u-1")
    assert (second.account, second.roles) == (first.account, ("administrator", "support"))
    assert [one.id for one in people.sessions_of(world, first.account)] == [second.id]  # old rights, old session: over
    company.person("u-1", name="Uma", email="uma@example.org", groups=["other"])
    with pytest.raises(Forbidden, match="no role here"):
        come(company, world, "u-1")
    assert people.account(world, first.account).roles == ()
    assert people.sessions_of(world, first.account) == []
    mapped = [(one["roles"], one["raised"]) for one in recorded(world, "roles_mapped")]
    assert mapped == [(["administrator", "support"], ["administrator"]), ([], [])]
    assert recorded(world, "account_provided") == [{"account": first.account, "roles": ["support"]}]
    # The administrator who came in by an invitation is the last with a way in of their own: the break-glass account.
    with pytest.raises(Refused, match="last administrator"):
        people.change_roles(world, people.actor_of(second), ann.id, ("support",))


def test_an_address_alone_takes_no_account_over_and_linking_needs_a_proof(ann: Person, company: Company) -> None:
    world = company.world(ann.world)
    company.person("u-2", email="ann@example.org", email_verified=True, groups=["careful-admins"])
    with pytest.raises(Refused, match="not linked"):
        come(company, world, "u-2")
    mine = people.find(ann.world, ann.cookie)
    with pytest.raises(Unauthenticated, match="fresh proof"):
        people.begin_identity(world, "mine", "link", DOOR, "/settings", replace(mine, proved_at=NEVER))
    fresh = replace(mine, proved_at=world.clock.now())
    away = people.begin_identity(world, "mine", "link", DOOR, "/settings", fresh)
    done = people.finish_identity(world, "mine", company.let_in(away, "u-2"), DOOR, fresh)
    assert people.find(ann.world, done.secret).id == mine.id
    company.person("u-2", email="other@example.org", groups=[])
    assert come(company, world, "u-2").account == ann.id
    assert people.account(world, ann.id).roles == ("administrator",)  # given here, kept here
    identity = people.identities_of(world, ann.id)[0]
    with pytest.raises(NotFound):
        people.unlink(world, fresh, "another")
    people.unlink(world, fresh, identity.id)
    assert people.identities_of(world, ann.id) == []


@sqlite
def test_an_answer_belongs_to_one_attempt_of_one_browser(ann: Person, company: Company) -> None:
    world = company.world(ann.world)
    company.person("u-3", email="u3@example.org", groups=["desk"])
    said = company.let_in(people.begin_identity(world, "mine", "in", DOOR, "/"), "u-3")
    other = company.let_in(people.begin_identity(world, "theirs", "in", DOOR, "/"), "u-3")
    refused = [
        ("theirs", said),  # another browser's
        ("", said),
        ("mine", said),  # spent by nobody yet, so this is the good one
        ("mine", said),  # and now it is spent
    ]
    outcomes = []
    for holder, answer in refused:
        try:
            outcomes.append(people.finish_identity(world, holder, answer, DOOR, None).target)
        except Unauthenticated as failure:
            outcomes.append(failure.what)
    assert [one for one in outcomes if one == "/"] == ["/"]
    assert outcomes[2] == "/"
    fresh = company.let_in(people.begin_identity(world, "mine", "in", DOOR, "/"), "u-3")
    with pytest.raises(Unauthenticated, match="invalid_grant|was not taken"):  # a code of another attempt: PKCE
        people.finish_identity(world, "mine", fresh | {"code": other["code"]}, DOOR, None)
    for answer in ({}, {"state": "in.x", "code": "c"}, {"state": "nothing", "code": "c"}, {"state": "in.é"}):
        with pytest.raises(Unauthenticated):
            people.finish_identity(world, "mine", answer, DOOR, None)
    state = company.let_in(people.begin_identity(world, "mine", "in", DOOR, "/"), "u-3")["state"]
    with pytest.raises(Unauthenticated, match="did not let you in"):
        people.finish_identity(world, "mine", {"state": state, "error": "access_denied"}, DOOR, None)
    state = company.let_in(people.begin_identity(world, "mine", "in", DOOR, "/"), "u-3")["state"]
    with pytest.raises(Unauthenticated, match="another provider"):
        people.finish_identity(world, "mine", {"state": state, "code": "c", "iss": "https://evil.test"}, DOOR, None)
    wrong = company.world(ann.world, oidc_client_secret="wrong")
    answer = company.let_in(people.begin_identity(wrong, "mine", "in", DOOR, "/"), "u-3")
    with pytest.raises(Unauthenticated, match="invalid_client"):
        people.finish_identity(wrong, "mine", answer, DOOR, None)


@sqlite
def test_proving_again_asks_the_provider_anew_and_the_same_person(ann: Person, company: Company) -> None:
    world = company.world(ann.world)
    for subject in ("u-4", "u-5"):
        company.person(subject, email=f"{subject}@example.org", groups=["desk"])
    session = come(company, world, "u-4")
    away = people.begin_identity(world, "mine", "prove", DOOR, "/x", session)
    assert "prompt=login" in away
    with pytest.raises(Unauthenticated, match="another person"):
        people.finish_identity(world, "mine", company.let_in(away, "u-5"), DOOR, session)
    away = people.begin_identity(world, "mine", "prove", DOOR, "/x", session)
    done = people.finish_identity(world, "mine", company.let_in(away, "u-4"), DOOR, session)
    assert people.has_recent_proof(people.find(world, done.secret), world.clock.now())


@sqlite
def test_whoever_left_does_not_come_back_by_the_provider(ann: Person, company: Company) -> None:
    world = company.world(ann.world)
    company.person("u-6", email="u6@example.org", groups=["desk"])
    session = come(company, world, "u-6")
    people.disable(world, people.actor_of(ann.session), session.account)
    for _ in range(2):
        with pytest.raises(CarefulError):
            come(company, world, "u-6")
    assert people.account(world, session.account).state == "disabled"


@sqlite
def test_without_a_provider_there_is_no_such_way(ann: Person) -> None:
    assert not people.is_offered(ann.world)
    with pytest.raises(NotFound):
        people.begin_identity(ann.world, "mine", "in", DOOR, "/")
