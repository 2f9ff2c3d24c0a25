import re
from pathlib import Path

import careful.products
from careful.products.lint_table import RULES

SOURCES = Path(careful.products.__file__).parent
GUIDE = Path(__file__).parents[2] / "docs" / "product-file.md"


def test_every_rule_is_used_and_every_hit_has_its_rule():
    code = "".join(path.read_text() for path in SOURCES.glob("lint*.py") if path.name != "lint_table.py")
    named = set(re.findall(r'(?:Hit\(|_broken\()\s*"([a-z-]+)"', code))
    assert named == set(RULES)


def test_every_rule_names_a_recommendation():
    assert all(re.fullmatch(r"[ICDPAMRU][0-9]+", rule.recommendation) for rule in RULES.values())


def test_every_rule_is_documented():
    guide = GUIDE.read_text()
    missing = [
        rule.id for rule in RULES.values() if f"| `{rule.id}` | {rule.level} | {rule.recommendation} |" not in guide
    ]
    assert missing == []
