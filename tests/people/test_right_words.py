"""The table in words says what the table says, and stands so in the docs."""

from pathlib import Path

from careful import people
from careful.people import right_words

GUIDE = Path(__file__).parents[2] / "docs" / "roles.md"
COPY = Path(__file__).parents[1] / "rules" / "permissions.txt"


def test_every_role_and_resource_has_words() -> None:
    assert set(right_words.ROLE_SAYS) == set(people.ROLES)
    assert set(people.VERBS) <= set(right_words.RESOURCE_SAYS)


def test_the_guide_is_the_table() -> None:
    assert GUIDE.read_text() == right_words.as_markdown(), "Run: python tests/docs_tables.py"


def test_the_words_are_the_agreed_rights() -> None:
    lines = [
        f"{role} {resource} {' '.join(verbs)}"
        for resource, _, held in right_words.rows()
        for role, verbs in zip(people.ROLES, held, strict=True)
        if verbs
    ]
    assert sorted(lines) == COPY.read_text().splitlines()
