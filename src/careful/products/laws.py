"""Which laws apply: one three-valued engine over the declaration, which shows how it came to its answer.

Each condition is *yes*, *no* or *cannot tell*, by Kleene's logic: a blank field is unknown, and an answer is unknown
only where the blank could change it. Same declaration, same pack, same day: same answer, byte for byte.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from careful.products.declaration import Declaration
from careful.products.pack import Condition, Law, LawPack, laws_pack
from careful.products.parsing import show


class Answer(Enum):
    """Yes, no, or not to be known from what was declared."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True)
class Trace:
    """One step of the reasoning: the answer, what was asked, the blank fields it hangs on, the steps below."""

    answer: Answer
    says: str
    blank: frozenset[str] = frozenset()
    below: tuple["Trace", ...] = ()

    def lines(self, depth: int = 0) -> list[str]:
        """Write the reasoning, one step a line, indented."""
        own = "  " * depth + f"{self.answer.value}: {self.says}"
        return [own, *(line for one in self.below for line in one.lines(depth + 1))]


@dataclass(frozen=True, slots=True)
class LawAnswer:
    """Whether a law applies to a product on a day, and why."""

    law: Law
    answer: Answer
    in_force: bool
    blank: tuple[str, ...]
    trace: tuple[str, ...]

    @property
    def says(self) -> str:
        """Say the answer in one sentence."""
        if self.answer is Answer.UNKNOWN:
            return f"{self.law.title}: cannot tell, because {_listed(self.blank)} {_is_are(self.blank)} blank."
        if self.answer is Answer.NO:
            return f"{self.law.title}: does not apply."
        if self.in_force:
            return f"{self.law.title}: applies."
        return (
            f"{self.law.title}: will apply from {self.law.since.isoformat()}."
            if self.law.until is None
            else (f"{self.law.title}: would apply from {self.law.since.isoformat()} to {self.law.until.isoformat()}.")
        )


def judge(declaration: Declaration, on: date, pack: LawPack | None = None) -> tuple[LawAnswer, ...]:
    """Answer for each law of the pack, in its order."""
    chosen = pack or laws_pack()
    engine = _Engine(chosen, declaration.model_dump(mode="json", by_alias=True))
    answers = []
    for law in chosen.laws:
        trace = engine.decide(law.when, engine.facts, "")
        answers.append(LawAnswer(law, trace.answer, law.in_force(on), tuple(sorted(trace.blank)), tuple(trace.lines())))
    return tuple(answers)


def _all(answers: Iterable[Answer]) -> Answer:
    seen = set(answers)
    return Answer.NO if Answer.NO in seen else Answer.UNKNOWN if Answer.UNKNOWN in seen else Answer.YES


def _any(answers: Iterable[Answer]) -> Answer:
    seen = set(answers)
    return Answer.YES if Answer.YES in seen else Answer.UNKNOWN if Answer.UNKNOWN in seen else Answer.NO


_OPPOSITE = {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.UNKNOWN: Answer.UNKNOWN}


@dataclass(frozen=True, slots=True)
class _Engine:
    pack: LawPack
    facts: Mapping[str, Any]

    def decide(self, condition: Condition, within: Mapping[str, Any], prefix: str) -> Trace:
        """Decide one condition. Raises ValueError for one the engine does not know (an error in the pack)."""
        if "field" in condition:
            return _field(condition, within, prefix)
        word, inside = next(iter(condition.items()))
        match word:
            case "all" | "any":
                below = tuple(self.decide(one, within, prefix) for one in inside)
                rule = _all if word == "all" else _any
                return _joined(rule(one.answer for one in below), f"{word} of", below)
            case "not":
                inner = self.decide(inside, within, prefix)
                decided = Trace(_OPPOSITE[inner.answer], "not", inner.blank, (inner,))
            case "use":
                named = self.pack.definitions[inside]
                inner = self.decide(named.when, within, prefix)
                decided = Trace(inner.answer, named.says, inner.blank, (inner,))
            case "sold_in":
                decided = _sold_in(inside, self.facts.get("markets"), self.pack.regions)
            case "some":
                decided = self._some(inside, within, prefix)
            case _:
                raise ValueError(f"unknown condition {word!r}")
        return decided

    def _some(self, condition: Mapping[str, Any], within: Mapping[str, Any], prefix: str) -> Trace:
        """Decide whether one entry of a list of sections fulfils a condition by itself."""
        path = condition["in"]
        entries = within.get(path)
        if entries is None:
            return _blank(prefix + path, f"{prefix}{path} has an entry that fits")
        below = tuple(
            self.decide(condition["where"], entry, f"{prefix}{path}[{index}].") for index, entry in enumerate(entries)
        )
        return _joined(_any(one.answer for one in below), f"{prefix}{path} has an entry that fits", below)


def _joined(answer: Answer, says: str, below: tuple[Trace, ...]) -> Trace:
    if answer is not Answer.UNKNOWN:
        return Trace(answer, says, frozenset(), below)
    return Trace(answer, says, frozenset().union(*(one.blank for one in below if one.answer is answer)), below)


def _blank(path: str, says: str) -> Trace:
    return Trace(Answer.UNKNOWN, f"{says}: {path} is blank", frozenset({path}))


def _sold_in(market: str, markets: Sequence[str] | None, regions: Mapping[str, tuple[str, ...]]) -> Trace:
    """Decide where it is sold. A country named without its states may mean any of them."""
    says = f"sold in {market}"
    if markets is None:
        return _blank("markets", says)
    sold = set(markets) | {one.split("-", maxsplit=1)[0] for one in markets}
    sold |= {region for region, countries in regions.items() if sold & set(countries)}
    if market in sold:
        return Trace(Answer.YES, f"{says} (markets: {', '.join(markets)})")
    country = market.split("-", maxsplit=1)[0]
    if market != country and country in markets and not any(one.startswith(f"{country}-") for one in markets):
        return Trace(Answer.UNKNOWN, f"{says}: markets names {country} without its states", frozenset({"markets"}))
    return Trace(Answer.NO, f"{says} (markets: {', '.join(markets) or 'none'})")


def _field(condition: Condition, within: Mapping[str, Any], prefix: str) -> Trace:
    """Decide whether a field has one of the wanted values; of a list, any entry may."""
    path: str = condition["field"]
    wanted = condition["in"] if "in" in condition else [condition["is"]]
    says = f"{prefix}{path} is " + " or ".join(show(one).strip("'") for one in wanted)
    values, blank = _reach(within, path.split("."), prefix)
    if any(value in wanted for value in values):
        return Trace(Answer.YES, says)
    if blank:
        return Trace(Answer.UNKNOWN, f"{says}: {_listed(sorted(blank))} {_is_are(blank)} blank", frozenset(blank))
    found = ", ".join(sorted({show(one).strip("'") for one in values})) or "none"
    return Trace(Answer.NO, f"{says} (it is {found})")


def _reach(within: Any, steps: Sequence[str], prefix: str) -> tuple[list[Any], set[str]]:  # noqa: ANN401 (plain data)
    """Follow a path: the values found at its end, and the paths that are blank on the way."""
    if not steps:
        return (list(within), set()) if isinstance(within, list) else ([within], set())
    step, rest = steps[0], steps[1:]
    name = step.removesuffix("[]")
    value = within.get(name)
    here = prefix + name
    if value is None:
        # A blank section leaves the field within it blank: that field is what people must fill in.
        return [], {prefix + ".".join(steps)} if "[]" not in step else {here}
    if not step.endswith("[]"):
        return _reach(value, rest, f"{here}.") if rest else _reach(value, (), here)
    values: list[Any] = []
    blank: set[str] = set()
    for index, entry in enumerate(value):
        found, missing = _reach(entry, rest, f"{here}[{index}].")
        values += found
        blank |= missing
    return values, blank


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"


def _is_are(names: Iterable[str]) -> str:
    return "is" if len(list(names)) == 1 else "are"
