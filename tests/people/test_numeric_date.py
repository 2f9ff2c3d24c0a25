"""Times as others sign them."""

from datetime import UTC, datetime

import pytest

from careful.people.numeric_date import moment_of


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), id="seconds"),
        pytest.param(1_700_000_000.5, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC), id="parts of them"),
        pytest.param(None, None, id="missing"),
        pytest.param("1700000000", None, id="text"),
        pytest.param(True, None, id="truth"),
        pytest.param(0, None, id="nothing"),
        pytest.param(-1, None, id="before 1970"),
        pytest.param(2**33, None, id="too far"),
        pytest.param(float("nan"), None, id="no number"),
    ],
)
def test_moment_of(value: object, found: datetime | None) -> None:
    assert moment_of({"exp": value}, "exp") == found
