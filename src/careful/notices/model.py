"""Advisories and the answer to "is mine all right?"; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One notice about one flaw in one product. `action` is the one thing that an owner should do."""

    id: str
    case: str
    flaw: str
    product: str
    product_name: str
    model: str
    title: str
    summary: str
    action: str
    severity: str
    exploited: bool
    affected: tuple[str, ...]
    fixed_in: str | None
    drafted_at: datetime
    published_at: datetime | None = None
    told_at: datetime | None = None
    csaf_sha256: str | None = None
    signed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What we can truthfully say of one model at one version, in two lines: `says` and `do`."""

    state: Literal["act", "update", "fine", "ended", "unknown"]
    says: str
    do: str
    model: str
    version: str
    newest: str | None = None
    support_until: date | None = None
    advisories: tuple[str, ...] = ()


def advisory_id(year: int, number: int) -> str:
    """Return the public id of the year's n-th advisory."""
    return f"CAREFUL-{year}-{number:04d}"


def default_title(name: str, flaw: str, fixed_in: str | None, *, planned: bool = True) -> str:
    """Return the subject under which an owner is written to; it promises no more than there is.

    The flaw's number tells one notice from the next; the letter says what it is.
    """
    said = "security update" if fixed_in or planned else "a security flaw, and what to do"
    return f"{name}: {said} ({flaw})"


def default_summary(name: str, flaw: str, *, exploited: bool) -> str:
    """Return plain words for a flaw of which nobody has written more yet."""
    used = " This flaw is already used in attacks on other products." if exploited else ""
    return (
        f"A part of the software in your {name} has a security flaw that is known.{used}"
        f" Experts list it under the number {flaw}."
    )


def default_action(name: str, fixed_in: str | None, *, planned: bool = True) -> str:
    """Return the one act that helps an owner; `planned`: a fix will come, else nobody may wait for one."""
    if fixed_in:
        return f"Keep your {name} switched on and connected. It updates itself to version {fixed_in}."
    if not planned:
        return f"No update is planned for this. Take your {name} off the internet if you do not need it there."
    return f"Keep your {name} switched on and connected. It updates itself as soon as the fix is ready."


def answer(
    *,
    model: str,
    version: str,
    newest: str | None,
    known_versions: Sequence[str],
    advisories: Sequence[Advisory],
    support_until: date | None,
    today: date,
    feeds_fresh: bool,
) -> Answer:
    """Decide what to tell an owner. Never says "fine" where the feeds are stale or the version is not ours."""
    hits = [one for one in advisories if version in one.affected]
    told = {
        "model": model,
        "version": version,
        "newest": newest,
        "support_until": support_until,
        "advisories": tuple(one.id for one in hits),
    }
    if version not in known_versions:
        return Answer(
            state="unknown",
            says=f"We do not know version {version} of {model}.",
            do="Check the version on the device or in its app, then ask again.",
            **told,  # type: ignore[arg-type]  # the five shared fields, each of its own type
        )
    if hits:
        return Answer(state="act", says=hits[0].summary, do=hits[0].action, **told)  # type: ignore[arg-type]  # as above
    if support_until is not None and support_until < today:
        return Answer(
            state="ended",
            says=f"Security updates for {model} ended on {_day(support_until)}.",
            do="Take it off the internet, or replace it.",
            **told,  # type: ignore[arg-type]  # as above
        )
    if newest is not None and newest != version:
        return Answer(
            state="update",
            says=f"A newer version, {newest}, is out.",
            do="Keep the device switched on and connected. It updates itself.",
            **told,  # type: ignore[arg-type]  # as above
        )
    if not feeds_fresh:
        return Answer(
            state="unknown",
            says="This is the newest version. We have not been able to check for new flaws in the last day.",
            do="There is nothing to do now. Ask again tomorrow.",
            **told,  # type: ignore[arg-type]  # as above
        )
    return Answer(
        state="fine",
        says="This is the newest version, and no notice is open for it.",
        do="There is nothing you need to do.",
        **told,  # type: ignore[arg-type]  # as above
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
