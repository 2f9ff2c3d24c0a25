"""Workload identity: what an issuer says of a job, once, for a token of minutes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from issuer_server import Issuer
from persons import Person

from careful import people
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from careful.kernel.work import World

SUB = "repo:acme/camera:ref:refs/heads/main"
ADD = ("releases", "add")


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with Issuer(tmp_path) as running:
        yield running


@pytest.fixture
def inside(world: World, issuer: Issuer) -> World:
    """The world whose network the issuer is in."""
    given = {"ci_issuers_inside": ("localhost",), "ci_issuer_ca": str(issuer.ca)}
    return replace(world, settings=world.settings.model_copy(update=given))


def make(world: World, issuer: Issuer, actor: Actor = OPERATOR, **more: Any) -> str:
    given = {"claims": {"sub": SUB}, "scopes": ["releases:read", "releases:add"], "product": "cam-1", **more}
    return people.make_trust(world, actor, "camera's CI", issuer=issuer.url, **given)


def test_a_job_gets_a_narrow_short_token_once(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    trust, known = make(inside, issuer), people.Issuers()
    word = issuer.says(clock.now(), inside.settings.console_url)
    given = people.exchange(inside, known, word, ["releases:add"])
    assert (given.scopes, given.product, given.seconds) == (("releases:add",), "cam-1", 900)
    assert people.is_token(given.token)

    actor = people.actor_of_token(inside, given.token, ADD, lambda: "cam-1")
    assert people.roles_of(inside, actor) == frozenset()
    with pytest.raises(Forbidden, match="releases:read"):
        people.actor_of_token(inside, given.token, ("releases", "read"), lambda: "cam-1")
    with pytest.raises(Forbidden, match="cam-1 alone"):
        people.actor_of_token(inside, given.token, ADD, lambda: "lock-1")
    with pytest.raises(Forbidden, match="not about one product"):
        people.actor_of_token(inside, given.token, ADD)
    people.keep_to_product(inside, actor, "cam-1")
    with pytest.raises(Forbidden, match="cam-1 alone"):
        people.keep_to_product(inside, actor, "lock-1")
    with pytest.raises(Forbidden, match="cannot make tokens"):
        people.issue_token(inside, actor, "more", ["releases:add"], 1)
    with pytest.raises(Forbidden, match="cannot make trusts"):
        make(inside, issuer, actor)

    with pytest.raises(Refused, match="exchanged before"):
        people.exchange(inside, known, word)
    assert people.exchange(inside, known, issuer.says(clock.now(), inside.settings.console_url))
    listed = people.list_tokens(inside, jobs=True)
    assert [(one.subject, one.trust, one.name) for one in listed] == [(SUB, trust, "job of camera's CI")] * 2
    assert people.list_tokens(inside) == []
    clock.advance(timedelta(minutes=15))
    with pytest.raises(Unauthenticated):
        people.actor_of_token(inside, given.token, ADD, lambda: "cam-1")
    with inside.look() as connection:
        told = ledger.read(connection, names=("people.token_exchanged",))
    assert len(told) == 2
    assert SUB not in str([one.data for one in told])


def test_words_that_no_trust_takes(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    us, known = inside.settings.console_url, people.Issuers()
    with pytest.raises(Invalid, match="nobody trusts its issuer"):
        people.exchange(inside, known, issuer.says(clock.now(), us))
    assert issuer.asked == []
    make(inside, issuer, claims={"sub": SUB, "environment": "production"})
    good = {"environment": "production"}
    for claims, says in (
        ({"sub": "repo:evil/camera:ref:refs/heads/main"}, "its sub is"),
        ({"environment": "staging"}, "environment is 'staging'"),
        ({"environment": None}, "no environment"),
        ({"exp": int(clock.now().timestamp())}, "expired"),
        ({"jti": None}, "jti"),
    ):
        with pytest.raises(Invalid, match=says):
            people.exchange(inside, known, issuer.says(clock.now(), us, **{**good, **claims}))
    with pytest.raises(Invalid, match="its aud is"):
        people.exchange(inside, known, issuer.says(clock.now(), "https://other.example", **good))
    refused = issuer.says(clock.now(), us, **good)
    with pytest.raises(Invalid, match="does not give releases:sign"):
        people.exchange(inside, known, refused, ["releases:sign"])
    assert people.exchange(inside, known, refused)  # what was refused was not used up


def test_an_ended_trust_ends_the_tokens_of_its_jobs(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    trust, known = make(inside, issuer), people.Issuers()
    given = people.exchange(inside, known, issuer.says(clock.now(), inside.settings.console_url))
    people.end_trust(inside, OPERATOR, trust)
    with pytest.raises(Unauthenticated, match="trust behind"):
        people.actor_of_token(inside, given.token, ADD, lambda: "cam-1")
    with pytest.raises(Invalid, match="nobody trusts"):
        people.exchange(inside, known, issuer.says(clock.now(), inside.settings.console_url))
    with pytest.raises(Refused):
        people.end_trust(inside, OPERATOR, trust)
    with pytest.raises(NotFound):
        people.end_trust(inside, OPERATOR, "x")


def test_a_trust_never_gives_more_than_its_maker_has(
    inside: World, issuer: Issuer, ann: Person, second: Callable[..., Person]
) -> None:
    clock, known, us = ann.clock, people.Issuers(), inside.settings.console_url
    bob = second("bob@example.org", "firmware-engineer")
    actor = people.actor_of(bob.session)
    with pytest.raises(Forbidden, match="releases:publish"):
        make(inside, issuer, actor, scopes=["releases:publish"])
    make(inside, issuer, actor)
    given = people.exchange(inside, known, issuer.says(clock.now(), us))
    people.change_roles(inside, OPERATOR, bob.id, ("auditor",))
    with pytest.raises(Forbidden, match="no longer"):
        people.actor_of_token(inside, given.token, ADD, lambda: "cam-1")
    with pytest.raises(Forbidden, match="no longer"):
        people.exchange(inside, known, issuer.says(clock.now(), us))
    people.disable(inside, OPERATOR, bob.id)
    with pytest.raises(Unauthenticated):
        people.actor_of_token(inside, given.token, ADD, lambda: "cam-1")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_trusts_that_are_too_wide(inside: World, issuer: Issuer) -> None:
    for more in (
        {"scopes": ["staff:invite"]},
        {"scopes": ["data:open"]},
        {"scopes": []},
        {"minutes": 61},
        {"minutes": 0},
        {"claims": {"sub": "*"}},
        {"audience": "x" * 201},
    ):
        with pytest.raises(Invalid):
            make(inside, issuer, **more)
    assert people.list_trusts(inside) == []


def test_what_is_over_is_swept(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    make(inside, issuer)
    people.exchange(inside, people.Issuers(), issuer.says(clock.now(), inside.settings.console_url))
    assert people.sweep_tokens(inside) == 0
    clock.advance(timedelta(minutes=6))
    assert people.sweep_tokens(inside) == 1
    clock.advance(timedelta(days=31))
    assert people.sweep_tokens(inside) == 1
    assert people.list_tokens(inside, jobs=True) == []
