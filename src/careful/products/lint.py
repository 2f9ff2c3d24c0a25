"""`careful check`: everything that can be said about a product file without running anything.

The schema comes first; a file that fits it is then looked at rule by rule. Each finding has file, line, field, what
was expected, what was found and what to do, and names the recommendation of the guide behind it.
"""

from dataclasses import dataclass
from datetime import date
from itertools import chain

from careful.kernel.errors import Problem
from careful.products.declaration import Declaration
from careful.products.lint_access import look_at_access
from careful.products.lint_data import look_at_data
from careful.products.lint_promises import look_at_promises
from careful.products.lint_table import RULES, Hit, Level, Rule
from careful.products.parsing import validate
from careful.products.reading import Document, Unreadable, field_path, read

_ORDER: dict[Level, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: `says` in one sentence, `problem` with place, expectation and remedy."""

    rule: Rule
    says: str
    problem: Problem
    column: int

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the finding as JSON values."""
        return {
            "rule": self.rule.id,
            "level": self.rule.level,
            "recommendation": self.rule.recommendation,
            "says": self.says,
            "where": self.problem.where,
            "line": self.problem.line,
            "column": self.column,
            "expected": self.problem.expected,
            "found": self.problem.found,
            "do": self.problem.do,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one file: findings by level, then by line. `declaration` is None where the schema is broken."""

    name: str
    declaration: Declaration | None
    findings: tuple[Finding, ...]

    def count(self, level: Level) -> int:
        """Count the findings of a level."""
        return sum(one.rule.level == level for one in self.findings)

    @property
    def readable(self) -> bool:
        """Tell whether the file could be read at all."""
        return not any(one.rule.id == "unreadable" for one in self.findings)

    @property
    def in_order(self) -> bool:
        """Tell whether there is nothing worse than a note."""
        return all(one.rule.level == "note" for one in self.findings)


def check(text: bytes, name: str, on: date | None) -> Report:
    """Look at a product file, and at the laws of a day where one is given. A file that is no YAML is one finding."""
    try:
        document = read(text, name)
    except Unreadable as failure:
        return Report(name, None, tuple(_broken("unreadable", one) for one in failure.problems))
    declaration, problems = validate(document)
    if declaration is None:
        return Report(name, None, tuple(_broken("schema", one) for one in problems))
    hits = chain(look_at_data(declaration), look_at_access(declaration), look_at_promises(declaration, on))
    findings = sorted((_finding(document, hit) for hit in hits), key=_rank)
    return Report(name, declaration, tuple(findings))


def not_read(name: str, why: str, do: str) -> Report:
    """Report a file that could not even be opened."""
    problem = Problem(where=name, line=1, expected="a file that can be read", found=why, do=do)
    return Report(name, None, (_broken("unreadable", problem),))


def lint(text: bytes, name: str) -> list[Problem]:
    """Return every problem worse than a note; a file that is no YAML is one problem."""
    return [one.problem for one in check(text, name, None).findings if one.rule.level != "note"]


def _rank(one: Finding) -> tuple[int, int, str]:
    return (_ORDER[one.rule.level], one.problem.line or 0, one.rule.id)


def _broken(rule: str, problem: Problem) -> Finding:
    return Finding(RULES[rule], f"Expected {problem.expected}, found {problem.found}.", problem, 1)


def _finding(document: Document, hit: Hit) -> Finding:
    line, column = document.place(hit.path)
    problem = Problem(
        where=f"{document.name}: {field_path(hit.path)}", line=line, expected=hit.expected, found=hit.found, do=hit.do
    )
    return Finding(RULES[hit.rule], hit.says, problem, column)
