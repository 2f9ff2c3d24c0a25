"""Every detection, one file each, found by itself.

A file has `ID`, `TITLE`, `WORDS` (the rule, for a person), `LIMIT` (where its limit comes from), `BUDGET` (false alarms
for each device-day that it allows itself), `ACTION` (the hardest it takes by itself), `Memory` (what it remembers of
one device: a msgspec Struct whose fields all have defaults), `SEES` where it does not see both live traffic and
recordings, and `detect(window, expected, memory)`, pure, which returns
a detection or None, and the memory to give it the next time.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from careful.kernel.errors import NotFound
from careful.monitoring.model import Action, Detection, Expected, Window

BOTH = "live and recordings"
Detect = Callable[[Window, Expected, Any], tuple[Detection | None, Any]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One detection, as its file states it."""

    id: str
    title: str
    words: str
    limit: str
    budget: float
    action: Action
    memory: type[Any]
    detect: Detect
    sees: str
    """Where it sees: `live` (the gateway, and what devices report), `recordings`, or both."""


def rule(wanted: str) -> Rule:
    """Return one detection by its id. Raises NotFound."""
    for one in rules():
        if one.id == wanted:
            return one
    raise NotFound(f"There is no detection {wanted[:40]!r}.", do="See: docs/watching.md")


@cache
def rules() -> tuple[Rule, ...]:
    """Return every detection there is a file for, by id."""
    found = [importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)]
    return tuple(
        sorted(
            (
                Rule(
                    one.ID,
                    one.TITLE,
                    one.WORDS,
                    one.LIMIT,
                    one.BUDGET,
                    one.ACTION,
                    one.Memory,
                    one.detect,
                    getattr(one, "SEES", BOTH),
                )
                for one in found
            ),
            key=lambda rule: rule.id,
        )
    )
