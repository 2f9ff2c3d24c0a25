"""docs/asvs.md names every requirement of ASVS 5.0 at level 1 or 2 once, and only tests and pages that exist."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "asvs.md"
IDS = (ROOT / "tests" / "rules" / "asvs_ids.txt").read_text().split()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\(([^)]+)\)")


def rows(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^\| (\d+\.\d+\.\d+) \| [^|]+ \| (.+) \|$", text, re.MULTILINE)


@cache
def names_in(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


@cache
def headings(path: Path) -> frozenset[str]:
    found = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if path.exists() else []
    return frozenset(re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in found)


def faults(text: str) -> list[str]:
    """Return what is wrong with the page."""
    listed = rows(text)
    ids = [one for one, _ in listed]
    found = [f"{one} is missing" for one in IDS if one not in ids]
    found += [f"{one} is there twice" for one in set(ids) if ids.count(one) > 1]
    found += [f"{one} is no requirement of level 1 or 2" for one in ids if one not in IDS]
    for one, behind in listed:
        named, pages = TEST.findall(behind), LINK.findall(behind)
        reason = re.match(r"(does not apply: |\*\*not met\*\*: ).{12,}", behind)
        if not (named or reason or (behind.startswith("written down: ") and pages)):
            found.append(f"{one} names nothing that stands behind it")
        found += [f"{one}: there is no {file}::{name}" for file, name in named if name not in names_in(ROOT / file)]
        for page in pages:
            file, _, heading = page.partition("#")
            path = (PAGE.parent / file).resolve()
            if not path.exists() or (heading and heading not in headings(path)):
                found.append(f"{one}: there is no {page}")
    return found


def test_every_requirement_has_its_row_and_every_name_is_real() -> None:
    assert faults(PAGE.read_text()) == []


def test_the_list_is_that_of_the_standard() -> None:
    assert len(IDS) == len(set(IDS)) == 253
    assert [sum(one.startswith(f"{chapter}.") for one in IDS) for chapter in range(1, 18)] == [
        27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7,
    ]  # fmt: skip


def test_what_is_wrong_is_seen() -> None:
    good = PAGE.read_text()
    row = next(line for line in good.splitlines() if line.startswith("| 7.2.4 |"))
    assert faults(good.replace(row, "")) == ["7.2.4 is missing"]
    assert faults(good.replace(row, f"{row}\n{row}")) == ["7.2.4 is there twice"]
    assert "names nothing" in faults(good.replace(row, "| 7.2.4 | New | it is so |"))[0]
    assert "there is no" in faults(good.replace("::test_a_session_that", "::test_no_session_that"))[0]
    assert "there is no" in faults(good.replace("hardening.md#limits", "hardening.md#nothing"))[0]
