"""What two people stand behind: signing metadata, launching a release, accepting a risk, raising a role, purging data.

Every door asks here. Where one person may act alone (set-up; see docs/two-people.md) it is done at once and written
down; else it waits, with its reason, for another person who sees exactly what would be done, and `NeedsSecond` says so.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from careful import customer_data, devices, people, releases, updates, vulnerabilities
from careful.kernel.actors import Actor
from careful.kernel.clock import from_iso, iso
from careful.kernel.database import canonical_json
from careful.kernel.errors import CarefulError, Invalid, NeedsSecond, Refused
from careful.kernel.work import World

What = Mapping[str, Any]
Shown = tuple[tuple[str, str], ...]
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act. `ground`: the digest of what it stands on, `shown`: what would be done, `do`: does it."""

    ground: Callable[[World, What], str]
    shown: Callable[[World, What], Shown]
    do: Callable[[World, Actor, What], Any]


def sign_release(
    world: World, actor: Actor, release: str, *, reason: str = "", by_hand: Callable[[], updates.Signed] | None = None
) -> updates.Signed:
    """Sign a release's metadata; `by_hand` does it with keys that only the caller has, once it was agreed to."""
    one = releases.by_id(world, release)
    what = {"release": one.id, "by_hand": by_hand is not None}
    said = reason or f"{one.product} {one.version} is ready."
    done: updates.Signed = _through(world, actor, "sign-metadata", f"release/{one.id}", what, said, by_hand)
    return done


def change_key(
    world: World,
    actor: Actor,
    product: str,
    role: str,
    by_hand: Callable[[], dict[str, int]],
    *,
    reason: str,
    new: Sequence[str] = (),
) -> dict[str, int]:
    """Change a key in root or targets metadata, or sign these anew: once agreed to, whoever has the keys does it."""
    what = {"product": product, "role": role, "new": sorted(new), "by_hand": True}
    done: dict[str, int] = _through(world, actor, "sign-metadata", f"product/{product}", what, reason, by_hand)
    return done


def launch(world: World, actor: Actor, product: str, version: str, *, reason: str = "", **words: Any) -> str:  # noqa: ANN401 (the words of `start_rollout`)
    """Start a rollout and return its id. Going to an older version is proposed, and has two people by itself."""
    if words.get("downgrade"):
        return updates.start_rollout(world, actor, product, version, reason=reason, **words)
    seen = updates.preview_rollout(world, product, version, reason=reason, **words)
    if seen.stands_in_the_way:  # it says why by itself, and nobody need be asked
        return updates.start_rollout(world, actor, product, version, reason=reason, **words)
    what = _plain({"product": product, "version": version, "words": words})
    done: str = _through(world, actor, "launch-release", f"product/{product}", what, reason)
    return done


def accept_risk(
    world: World,
    actor: Actor,
    wanted: vulnerabilities.Filter | Sequence[str],
    said: vulnerabilities.Decision,
    *,
    expect: str | None = None,
) -> list[vulnerabilities.Outcome]:
    """Decide cases; where that accepts a risk, with a second person. What is exploited has a rule of its own (0009)."""
    if said.until is None:
        return vulnerabilities.judge_many(world, actor, wanted, said, expect=expect)
    seen = vulnerabilities.preview(world, wanted, said)
    asked = [one.case for one in seen if one.outcome == "decided"]
    if not asked:
        return vulnerabilities.judge_many(world, actor, wanted, said, expect=expect)
    if expect is not None and vulnerabilities.fingerprint(seen) != expect:
        return vulnerabilities.judge_many(world, actor, wanted, said, expect=expect)  # it refuses, and says why
    what = _plain({"cases": asked, "decision": _said(said)})
    subject = f"case/{asked[0]}" if len(asked) == 1 else f"cases/{len(asked)}"
    others = [one.case for one in seen if one.outcome == "proposed"]
    if others:
        vulnerabilities.judge_many(world, actor, others, said)
    done: list[vulnerabilities.Outcome] = _through(world, actor, "accept-risk", subject, what, said.statement)
    return done


def judge(world: World, actor: Actor, case: str, said: vulnerabilities.Decision) -> vulnerabilities.Case:
    """Decide one case; where that accepts a risk, with a second person."""
    if said.until is None:
        return vulnerabilities.judge(
            world, actor, case, said.status, said.justification, said.statement, said.action, said.until
        )
    (done,) = accept_risk(world, actor, [case], said)
    if done.outcome == "refused":
        raise Refused(done.says, do=f"Run: careful vuln show {case}")
    return vulnerabilities.case(world, case)


def change_roles(world: World, actor: Actor, account: str, roles: tuple[str, ...], *, reason: str = "") -> None:
    """Give a person these roles; where that gives them any right they have not, with a second person."""
    chosen = people.known_roles(roles)
    held = people.account(world, account).roles
    if people.scopes_of(chosen) <= people.scopes_of(held):
        people.change_roles(world, actor, account, chosen)
        return
    what = _plain({"account": account, "roles": chosen})
    _through(world, actor, "raise-role", f"staff/{account}", what, reason)


def purge(
    world: World, actor: Actor, device: str, why: customer_data.Why, *, reason: str = ""
) -> customer_data.Receipt:
    """End a customer's time on a device, or pass it on: the key to all that they have is destroyed at once."""
    if why == "reset":  # the device itself did it: what the factory reset left is only noted
        return customer_data.end_customer(world, actor, device, why)
    what = {"device": devices.get(world, device).id, "why": why}
    done: customer_data.Receipt = _through(world, actor, "purge-data", f"device/{device}", what, reason)
    return done


def approve(world: World, actor: Actor, approval: str, digest: str) -> people.Pending:
    """Agree to exactly what was shown; with two people behind it, it is carried out.

    Raises NotFound, Forbidden, Refused (it is over, its subject changed), and whatever carrying it out raises.
    """
    one = people.approval_of(world, approval)
    one = people.agree(world, actor, approval, digest=digest, ground=ground_now(world, one))
    if one.state == "agreed" and not one.what.get("by_hand"):
        _carry_out(world, actor, one, lambda: ACTS[one.kind].do(world, actor, one.what))
        one = people.approval_of(world, approval)
    return one


def shown(world: World, one: people.Pending) -> Shown:
    """Return exactly what would be done, line by line."""
    try:
        return ACTS[one.kind].shown(world, one.what)
    except CarefulError as gone:
        return (("It cannot be shown", str(gone)),)


def ground_now(world: World, one: people.Pending) -> str:
    """Return the digest of what an act stands on now; "" where that is gone."""
    try:
        return ACTS[one.kind].ground(world, one.what)
    except CarefulError:
        return ""


def _through(
    world: World,
    actor: Actor,
    kind: str,
    subject: str,
    what: What,
    reason: str,
    do: Callable[[], Any] | None = None,
) -> Any:  # noqa: ANN401 (what the act returns)
    act = do or (lambda: ACTS[kind].do(world, actor, what))
    waits = people.ask(world, actor, kind, subject, what, ground=ACTS[kind].ground(world, what), reason=reason)
    if waits is None:
        return act()
    if waits.state == "agreed":
        return _carry_out(world, actor, waits, act)
    needs = "another person" if waits.missing == 1 else "two people who are signed in"
    raise NeedsSecond(
        f"{waits.title}: {needs} must agree, until {waits.lapses_at:%Y-%m-%d %H:%M} UTC. Nothing is done yet.",
        do=f"They agree on the console: {world.settings.console_url}/approvals/{waits.id}"
        + (" Then run this again." if waits.what.get("by_hand") else ""),
        approval=waits.id,
    )


def _carry_out(world: World, actor: Actor, one: people.Pending, act: Callable[[], Any]) -> Any:  # noqa: ANN401 (the same)
    try:
        result = act()
    except CarefulError as refusal:
        people.settle(world, actor, one.id, failure=f"it could not be done: {refusal}")
        raise
    people.settle(world, actor, one.id)
    return result


def _plain(value: object) -> dict[str, Any]:
    """Return it as JSON gives it back, so that the digest is the same before and after it was stored."""
    return dict(json.loads(canonical_json(value)))


def _metadata_ground(world: World, what: What) -> str:
    if "release" in what:
        one = releases.by_id(world, what["release"])
        parts = sorted([part.name, part.artifact.sha256] for part in one.parts)
        return people.digest_of([one.id, one.state, one.artifact.sha256, parts])
    return people.digest_of(updates.trusted_root(world, what["product"]).decode())


def _metadata_shown(world: World, what: What) -> Shown:
    if "release" in what:
        one = releases.by_id(world, what["release"])
        return (("Sign", f"{one.product} {one.version}"), ("Image (SHA-256)", one.artifact.sha256), ("Release", one.id))
    new = ", ".join(what["new"]) or "made where the old ones are"
    return (("Sign for the role", what["role"]), ("Product", what["product"]), ("New keys", new))


def _launch_ground(world: World, what: What) -> str:
    one = releases.get(world, what["product"], what["version"])
    return people.digest_of([one.id, one.state, one.artifact.sha256])


def _launch_shown(world: World, what: What) -> Shown:
    one = releases.get(world, what["product"], what["version"])
    seen = updates.preview_rollout(world, one.product, one.version, **what["words"])
    words = ((name.replace("_", " ").capitalize(), _said_as(value)) for name, value in what["words"].items())
    return (
        ("Release", f"{one.product} {one.version}"),
        ("Image (SHA-256)", one.artifact.sha256),
        ("Devices, as things are", f"{seen.size:,}"),
        *((name, value) for name, value in words if value),
        *((("In the way now", seen.stands_in_the_way),) if seen.stands_in_the_way else ()),
    )


def _risk_ground(world: World, what: What) -> str:
    return vulnerabilities.fingerprint(vulnerabilities.preview(world, what["cases"], _decision(what["decision"])))


def _risk_shown(world: World, what: What) -> Shown:
    said = _decision(what["decision"])
    seen = vulnerabilities.preview(world, what["cases"], said)
    return (
        ("Decision", vulnerabilities.named(said.status, said.until)),
        ("Why it can be borne", said.statement),
        *((f"{one.flaw} in {one.product}", one.says) for one in seen[:_NAMED]),
        *((("And", f"{len(seen) - _NAMED:,} more cases"),) if len(seen) > _NAMED else ()),
    )


def _risk_do(world: World, actor: Actor, what: What) -> list[vulnerabilities.Outcome]:
    return vulnerabilities.judge_many(
        world, actor, what["cases"], _decision(what["decision"]), expect=_risk_ground(world, what)
    )


def _said(one: vulnerabilities.Decision) -> dict[str, Any]:
    return {
        "status": one.status,
        "justification": one.justification,
        "statement": one.statement,
        "action": one.action,
        "until": iso(one.until) if one.until else None,
    }


def _decision(raw: What) -> vulnerabilities.Decision:
    until = from_iso(raw["until"]) if raw["until"] else None
    return vulnerabilities.Decision(**{**raw, "until": until})


def _role_ground(world: World, what: What) -> str:
    one = people.account(world, what["account"])
    return people.digest_of([one.id, one.state, one.email, list(one.roles)])


def _role_shown(world: World, what: What) -> Shown:
    one = people.account(world, what["account"])
    new = sorted(people.scopes_of(what["roles"]) - people.scopes_of(one.roles))
    return (
        ("Person", f"{one.name} ({one.email})"),
        ("Roles now", ", ".join(one.roles)),
        ("Roles then", ", ".join(what["roles"])),
        ("New rights", ", ".join(new) or "none"),
    )


def _purge_ground(world: World, what: What) -> str:
    now = [one.id for one in customer_data.customers_of(world, what["device"]) if one.ended_at is None]
    return people.digest_of([devices.get(world, what["device"]).id, now])


def _purge_shown(world: World, what: What) -> Shown:
    one = devices.get(world, what["device"])
    return (
        ("Device", f"{one.id} ({one.product})"),
        ("Why", customer_data.WORDS[what["why"]]),
        ("What is lost", "the key to all that this customer's device said: nobody can bring it back"),
    )


def _purge_do(world: World, actor: Actor, what: What) -> customer_data.Receipt:
    if what["why"] == "transfer":
        return customer_data.transfer(world, actor, what["device"])
    if what["why"] != "asked":
        raise Invalid("Data ends because the customer asked, or the device is passed on.", where="why")
    return customer_data.end_customer(world, actor, what["device"], "asked")


def _said_as(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value[:_NAMED]) + (" …" if len(value) > _NAMED else "")
    return {True: "yes", False: ""}.get(value, str(value)) if isinstance(value, bool) else str(value)


ACTS: Mapping[str, Act] = {
    "sign-metadata": Act(
        _metadata_ground,
        _metadata_shown,
        lambda world, actor, what: updates.sign_release(world, actor, what["release"]),
    ),
    "launch-release": Act(
        _launch_ground,
        _launch_shown,
        lambda world, actor, what: updates.start_rollout(
            world, actor, what["product"], what["version"], **what["words"]
        ),
    ),
    "accept-risk": Act(_risk_ground, _risk_shown, _risk_do),
    "raise-role": Act(
        _role_ground,
        _role_shown,
        lambda world, actor, what: people.change_roles(world, actor, what["account"], tuple(what["roles"])),
    ),
    "purge-data": Act(_purge_ground, _purge_shown, _purge_do),
}
"""Every kind of act; the test compares them with `people.KINDS`."""
