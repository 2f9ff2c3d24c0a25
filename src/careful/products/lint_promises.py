"""What the linter says about promises: support, claims, contact, the people who answer, and laws left open."""

import re
from datetime import date

from careful.products.declaration import Declaration
from careful.products.laws import Answer, judge
from careful.products.lint_table import Hit, Hits
from careful.products.pack import laws_pack

_TOO_BIG = re.compile(
    r"unbreakable|unhackable|hack[- ]?proof|100\s?% secure|completely secure|bank[- ]grade|military[- ]grade|"
    r"lifetime (support|updates)|continuous updates|forever",
    re.IGNORECASE,
)
_EU_YEARS = 5


def look_at_promises(declaration: Declaration, on: date | None) -> Hits:
    """Look at what the maker says in public, and at the laws of a day where one is given."""
    yield from _support(declaration)
    yield from _claims(declaration)
    yield from _people(declaration)
    if on is not None:
        yield from _laws(declaration, on)


def _support(declaration: Declaration) -> Hits:
    support, product = declaration.support, declaration.product
    if support is None or support.until is None:
        yield Hit(
            "no-support-end",
            ("support", "until"),
            "Nobody can tell how long the product gets security updates; it cannot be put on sale.",
            "a date such as 2031-12-31",
            "nothing",
            "Decide the day and write it in support.until. It may move later, never earlier.",
        )
        return
    until = support.until.isoformat()
    if product.placed_on_market and product.expected_life_years:
        life_ends = _years_after(product.placed_on_market, product.expected_life_years)
        if support.until < life_ends:
            yield Hit(
                "support-shorter-than-life",
                ("support", "until"),
                f"The product is expected to live until {life_ends.isoformat()}, its updates end before.",
                f"{life_ends.isoformat()} or later",
                until,
                "Promise updates for as long as people will use it, or say the shorter life plainly.",
            )
    european = {"EU", *laws_pack().regions["EU"]}
    if product.placed_on_market and european & set(declaration.markets or ()):
        least = _years_after(product.placed_on_market, _EU_YEARS)
        if support.until < least:
            yield Hit(
                "support-under-five-years",
                ("support", "until"),
                "The EU asks for five years of updates, unless the product lives shorter.",
                f"{least.isoformat()} or later",
                until,
                "Promise five years (Regulation (EU) 2024/2847, Article 13(8)).",
            )
    update = declaration.software.update if declaration.software else None
    if update is not None and update.supported is False:
        yield Hit(
            "updates-promised-not-possible",
            ("software", "update", "supported"),
            f"Security updates are promised until {until}, and the product cannot be updated.",
            "true",
            "false",
            "Give it a way to be updated, or promise nothing.",
        )
    if support.automatic_updates is False:
        yield Hit(
            "updates-by-hand",
            ("support", "automatic_updates"),
            "Most owners will never install an update by hand.",
            "true",
            "false",
            "Install security updates by default; let owners postpone or refuse.",
        )


def _years_after(start: date, years: int) -> date:
    return date(start.year + years, start.month, 28 if (start.month, start.day) == (2, 29) else start.day)


def _claims(declaration: Declaration) -> Hits:
    regulated = declaration.product.regulated_as
    for index, claim in enumerate(declaration.claims or ()):
        path = ("claims", index)
        if claim.kind in {"security", "privacy"} and not claim.evidence:
            yield Hit(
                "claim-without-evidence",
                path,
                "A claim about security or privacy rests on nothing.",
                "the tests that show it",
                "nothing",
                "Name them in `evidence`, or take the claim back.",
            )
        big = _TOO_BIG.search(claim.text or "")
        if big:
            yield Hit(
                "claim-too-big",
                (*path, "text"),
                f"'{big[0]}' is a promise that nothing can show.",
                "words that a test can show",
                big[0],
                "Say what you do, not how good it is.",
            )
        if claim.kind == "medical" and regulated is not None and "medical_device" not in regulated:
            yield Hit(
                "medical-claim",
                path,
                "The page makes a medical claim, the declaration says it is no medical device.",
                "regulated_as: [medical_device], or no such claim",
                claim.text or "a medical claim",
                "Take the claim back, or have the product cleared.",
            )


def _people(declaration: Declaration) -> Hits:
    contact, accountable = declaration.contact, declaration.accountable
    if contact is None or contact.security is None:
        yield Hit(
            "no-security-contact",
            ("contact", "security"),
            "A researcher would not know where to report a flaw.",
            "an address",
            "nothing",
            "Write an address that someone reads every day.",
        )
    if accountable is None or accountable.executive is None:
        yield Hit(
            "nobody-accountable",
            ("accountable", "executive"),
            "No executive answers for the product's security.",
            "a role or a name",
            "nothing",
            "Name one.",
        )
    if declaration.journeys is None:
        yield Hit(
            "no-journeys",
            ("journeys",),
            "It is not said how people unbox, share, resell and end the product's use.",
            "a list of journeys",
            "nothing",
            "Walk through them once; soft spots show up there.",
        )


def _laws(declaration: Declaration, on: date) -> Hits:
    """Name each blank field that leaves open whether a law applies, with the laws it holds up."""
    open_laws: dict[str, list[str]] = {}
    for one in judge(declaration, on):
        if one.answer is Answer.UNKNOWN and (one.in_force or one.law.since > on):
            for field in one.blank:
                open_laws.setdefault(field, []).append(one.law.title)
    for field, titles in sorted(open_laws.items()):
        yield Hit(
            "law-unknown",
            tuple(int(step) if step.isdecimal() else step for step in re.findall(r"[^.\[\]]+", field)),
            f"Cannot tell whether these apply: {'; '.join(titles)}.",
            "a value",
            "nothing",
            f"Fill in {field}. Until then the product cannot be put on sale.",
        )
