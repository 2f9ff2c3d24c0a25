"""Whether the duty to report binds a product: from its declared laws, with the attribute that makes it so; pure."""

from collections.abc import Sequence
from datetime import date

from careful import products
from careful.obligations import clocks
from careful.obligations.model import Applies


def applies(declared: Sequence[products.Declaration], on: date) -> Applies:
    """Say whether any of the products is bound on a day. What cannot be told of one is not *no* for all.

    `on` is the day of awareness: a law that was not in force then did not ask for a report.
    """
    found = [one for each in declared if (one := _of(each, on)) is not None]
    for wanted in ("yes", "unknown", "no"):
        for one in found:
            if one.answer == wanted:
                return one
    return Applies("unknown", "No declared product is named, so whether Article 14 binds cannot be told.")


def _of(declaration: products.Declaration, on: date) -> Applies | None:
    answer = next((one for one in products.judge(declaration, on) if one.law.id == clocks.law()), None)
    if answer is None:
        return None
    name, citation = declaration.name, answer.law.citation
    if answer.answer is products.Answer.NO:
        return Applies("no", f"{citation} does not bind {name}: {_because(answer)}.")
    if not answer.in_force:
        since = answer.law.since.isoformat()
        return Applies("no", f"{citation} applies from {since}; it was known on {on.isoformat()}.")
    if answer.answer is products.Answer.UNKNOWN:
        blank = ", ".join(answer.blank)
        return Applies("unknown", f"Whether {citation} binds {name} cannot be told: its file leaves blank {blank}.")
    return Applies("yes", f"{citation} binds {name}.")


def _because(answer: products.LawAnswer) -> str:
    """Return the condition that made it *no*: of a negation, the line below it."""
    lines = [line.strip() for line in answer.trace]
    reasons = []
    for number, line in enumerate(lines):
        if line == "no: not" and number + 1 < len(lines):
            reasons.append(lines[number + 1].partition(": ")[2])
        elif line.startswith("no: ") and line not in {"no: all of", "no: any of"}:
            reasons.append(f"not {line.partition(': ')[2]}")
    return reasons[0] if reasons else "its file says so"
