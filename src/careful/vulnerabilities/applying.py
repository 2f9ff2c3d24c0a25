"""Applying what suppliers say to what was found: every statement ends as applied, not matched, or refused; pure.

A statement that its author calls not affected or fixed settles a finding, with its words kept; one that says affected
or under investigation settles nothing and is shown beside it. Of one author the latest word counts; where two that
count contradict each other, nothing is settled, and what was settled otherwise is to be checked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

from careful.releases import Found
from careful.vulnerabilities.deciding import Match
from careful.vulnerabilities.said.model import About, Document, Said
from careful.vulnerabilities.speaking import Answer, is_subject, keys_of_component, keys_of_thing, speaks, speaks_of

SETTLING = frozenset({"not_affected", "fixed"})
Outcome = Literal["applied", "unmatched", "refused"]
_FEW = 8
_NEVER = datetime.min.replace(tzinfo=UTC)
_EARLIER = "a newer version of the same document is here"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one statement."""

    where: str
    flaw: str
    status: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Applied:
    """Findings that stay, findings that are settled, and a line for every statement."""

    kept: tuple[Match, ...]
    settled: tuple[Match, ...]
    lines: tuple[Line, ...]


def apply(
    matches: Sequence[Match],
    components: Sequence[Found],
    documents: Document | Sequence[Document],
    subject: Found | str = "",
    settled: Sequence[Match] = (),
) -> Applied:
    """Apply documents to the findings of one SBOM, together: their order does not matter.

    `subject` is what the SBOM describes, by name where no more is known; empty where it says nothing of itself.
    `settled` are the findings that something else settled.
    """
    listed = [documents] if isinstance(documents, Document) else list(documents)
    about = _subject(subject)
    here = Here.of(components)
    found = [*matches, *settled]
    places = _places(found)
    heard: list[Heard] = []
    words: dict[int, list[Heard]] = {}
    old = superseded(listed)
    for number, document in enumerate(listed):
        for said in document.said:
            word = Heard(document, said, said.why_not or (_EARLIER if number in old else ""))
            heard.append(word)
            if not word.why_not:
                _reach(word, components, places, about, here)
                for place in word.reached:
                    words.setdefault(place, []).append(word)
    kept: list[Match] = []
    settled_now: list[Match] = []
    for place, match in enumerate(found):
        current = latest(words.get(place, ()))
        told = "; ".join(dict.fromkeys(one.told for one in current))
        spoken_so = replace(match, evidence=f"{told}; {match.evidence}") if told else match
        was_settled = place >= len(matches)
        stays = _settles(current, was_settled=was_settled)
        if stays and was_settled and any(one.said.status == "affected" for one in current):
            spoken_so = replace(spoken_so, certainty="check")
        (kept if stays else settled_now).append(spoken_so)
    return Applied(tuple(kept), tuple(settled_now), tuple(one.line for one in heard))


@dataclass(slots=True)
class Heard:
    """A statement on its way: which findings it reaches, whether it counts there, or what keeps it from that."""

    document: Document
    said: Said
    why_not: str = ""
    reached: list[int] = field(default_factory=list)
    counts: int = 0
    beaten: str = ""
    contradicted: str = ""
    beside: str = ""

    @property
    def author(self) -> str:
        """Return whose word it is."""
        return self.document.author.casefold()

    @property
    def told(self) -> str:
        """Return its words as evidence; those of a document that must not be made public stay in it."""
        said, document = self.said, self.document
        detail = "" if document.restricted else said.detail
        why = ": ".join(part for part in (said.justification.replace("_", " "), detail) if part)
        label = f" under TLP:{document.tlp}" if document.restricted else ""
        status = said.status.replace("_", " ")
        return f"{document.author or 'the document'} says {status}{label}" + (f" ({why})" if why else "")

    @property
    def line(self) -> Line:
        """Return what became of it."""
        said = self.said
        return Line(said.where, said.names[0] if said.names else "", said.status, *self._outcome())

    def _outcome(self) -> tuple[Outcome, str]:
        if self.why_not:
            return "refused", self.why_not
        if not self.reached:
            return "unmatched", self.beside or "nothing here is what it is about"
        if not self.counts:
            return "refused", self.beaten
        if self.contradicted and self.said.status in SETTLING:
            return "refused", f"{self.contradicted}: nothing is settled"
        number = f"to {len(self.reached)} finding{'s' if len(self.reached) > 1 else ''}"
        return "applied", f"{number}; {self.contradicted}" if self.contradicted else number


def latest(words: Sequence[Heard]) -> list[Heard]:
    """Return the words that count: of each author the latest. What is beaten or contradicted is told so."""
    newest: dict[str, datetime] = {}
    for one in words:
        newest[one.author] = max(newest.get(one.author, _NEVER), one.said.at or _NEVER)
    current = [one for one in words if (one.said.at or _NEVER) == newest[one.author]]
    for one in words:
        if one not in current:
            better = next(each for each in current if each.author == one.author)
            one.beaten = f"a later statement says {better.said.status.replace('_', ' ')}: {better.said.where}"
    against = {
        settles: next((one for one in current if (one.said.status in SETTLING) is settles), None)
        for settles in (True, False)
    }
    for one in current:
        one.counts += 1
        other = against[one.said.status not in SETTLING]
        if other:
            one.contradicted = f"{other.said.where} says {other.said.status.replace('_', ' ')}"
    return current


def superseded(documents: Sequence[Document]) -> set[int]:
    """Return the places of documents of which a newer version is among them."""
    newest: dict[tuple[str, str, str], int] = {}
    for place, one in enumerate(documents):
        key = (one.form, one.author.casefold(), one.id)
        held = newest.get(key)
        if one.id and (held is None or _age(one) >= _age(documents[held])):
            newest[key] = place
    return {
        place
        for place, one in enumerate(documents)
        if one.id and newest[one.form, one.author.casefold(), one.id] != place
    }


def _age(one: Document) -> tuple[datetime, tuple[int, ...]]:
    numbers = tuple(int(part) for part in one.version.split(".") if part.isascii() and part.isdecimal())
    return one.at or _NEVER, numbers


@dataclass(frozen=True, slots=True)
class Here:
    """The components of an SBOM by every key under which a statement can name them."""

    by_key: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, components: Iterable[Found]) -> "Here":
        """Index the components."""
        found: dict[str, list[int]] = {}
        for place, one in enumerate(components):
            for key in set(keys_of_component(one)):
                found.setdefault(key, []).append(place)
        return cls({key: tuple(places) for key, places in found.items()})

    def close_to(self, asked: "Asked", wanted: Collection[int]) -> list[int]:
        """Return which of the wanted components a statement may speak of, in their order."""
        if asked.of_all or len(wanted) <= _FEW:
            return sorted(wanted)
        return sorted(one for one in self.named(asked.said) if one in wanted)

    def named(self, said: Said) -> set[int]:
        """Return the components that bear a name of the statement, in whatever version."""
        keys = {key for one in said.about for key in keys_of_thing(one.thing)}
        return {place for key in keys for place in self.by_key.get(key, ())}


def _subject(subject: Found | str) -> Found | None:
    if isinstance(subject, str):
        return Found(name=subject) if subject else None
    return subject if subject.name or subject.hashes else None


def _settles(current: Sequence[Heard], *, was_settled: bool) -> bool:
    """Tell whether a finding stays one: what is settled otherwise comes back where a statement says affected."""
    if was_settled:
        return any(one.said.status == "affected" for one in current)
    return not current or not all(one.said.status in SETTLING for one in current)


def _places(found: Sequence[Match]) -> dict[str, dict[int, list[int]]]:
    """Return name of a flaw -> component that has it -> its findings."""
    places: dict[str, dict[int, list[int]]] = {}
    for place, one in enumerate(found):
        for name in {name.upper() for name in one.names}:
            places.setdefault(name, {}).setdefault(one.component, []).append(place)
    return places


def _reach(
    one: Heard,
    components: Sequence[Found],
    places: Mapping[str, Mapping[int, Sequence[int]]],
    subject: Found | None,
    here: Here,
) -> None:
    """Note which findings a statement reaches, and where it reaches none, why."""
    asked = Asked(one.said, subject)
    having = [found for name in one.said.names if (found := places.get(name.upper()))]
    doubt = ""
    wanted: Collection[int] = having[0] if len(having) == 1 else {each for found in having for each in found}
    for component in here.close_to(asked, wanted) if having else ():
        hit, why = asked.of(components[component])
        if hit == "yes":
            one.reached += dict.fromkeys(place for found in having for place in found.get(component, ()))
        else:
            doubt = doubt or why
    if not one.reached and doubt:
        one.why_not = doubt
    elif not one.reached:
        one.beside = _beside(asked, components, here)


class Asked:
    """A statement, asked about one component after another; of a long one only what shares a key is looked at."""

    def __init__(self, said: Said, subject: Found | None) -> None:
        self.said = said
        self.subject = subject
        self._keyed: dict[str, list[About]] | None = None

    @cached_property
    def of_all(self) -> bool:
        """Tell whether it is about the very product that the SBOM describes."""
        wholes = (one.product for one in self.said.about if one.part is None)
        return self.subject is not None and any(is_subject(one, self.subject)[0] == "yes" for one in wholes)

    def of(self, component: Found) -> Answer:
        """Tell whether it speaks of a component."""
        if self.of_all:
            return "yes", ""
        best: Answer = ("no", "")
        for one in self.close_to(component):
            answer = speaks_of(one, component, self.subject)
            if answer[0] == "yes":
                return answer
            best = answer if answer[0] == "check" else best
        return best

    def close_to(self, component: Found) -> Sequence[About]:
        """Return what the component may be, of all that it is about."""
        if len(self.said.about) <= _FEW:
            return self.said.about
        if self._keyed is None:
            self._keyed = {}
            for one in self.said.about:
                for key in set(keys_of_thing(one.thing)):
                    self._keyed.setdefault(key, []).append(one)
        return [one for key in set(keys_of_component(component)) for one in self._keyed.get(key, ())]


def _beside(asked: Asked, components: Sequence[Found], here: Here) -> str:
    if asked.of_all:
        return "it is about what this SBOM describes, and no list says that it has this flaw"
    named = sorted(here.named(asked.said))
    if not named:
        return "nothing here is what it is about"
    for place in named[:_FEW]:
        one = components[place]
        if asked.of(one)[0] == "yes":
            return f"{_shown(one)} is here, and no list says that it has this flaw"
        whole = next((each for each in asked.close_to(one) if each.part and speaks(each.part, one)[0] == "yes"), None)
        if whole:
            name = next(iter(whole.product.ids), whole.product.title) or "another product"
            return f"it speaks of {_shown(one)} in {name[:120]}, which is not what this SBOM describes"
    return f"it is about another version than {_shown(components[named[0]])}, which is here"


def _shown(one: Found) -> str:
    return f"{one.name} {one.version}".strip()
