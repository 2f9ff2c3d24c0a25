"""Ledger entries made of plain values, and a verdict over them."""

import importlib
from datetime import UTC, datetime, timedelta

import pytest

from careful.assurance.judging import Facts, judge
from careful.kernel.ledger import Entry

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def verdict_of(request):
    """Judge the recommendation of the test's own file (test_d1.py -> d1) over (hours ago, name, fields) lines."""
    name = request.path.stem.removeprefix("test_")
    recommendation = importlib.import_module(f"careful.assurance.recommendations.{name}").RECOMMENDATION

    def judged(*lines):
        entries = [
            Entry(seq, NOW - timedelta(hours=hours), "system:careful", event, f"subject/{seq}", fields)
            for seq, (hours, event, fields) in enumerate(lines)
        ]
        assert {entry.name for entry in entries} <= {*recommendation.reads, "products.declared", "releases.added"}
        return judge(recommendation, Facts(entries, NOW))

    return judged
