from datetime import UTC, date, datetime

import pytest

from careful import products
from careful.notices.endings import letter, tell_of_end
from careful.products import Ending

END = Ending(
    product="cam-1",
    until=date(2027, 6, 30),
    last_version="1.0.1",
    release="r",
    keeps_working="Pictures.",
    stops_working="Alerts.",
    announced_at=datetime(2026, 11, 2, tzinfo=UTC),
    sbom_sha256=None,
    vex_sha256=None,
    kept_at=None,
    told=0,
    told_at=None,
)


@pytest.mark.parametrize(
    ("stage", "first"),
    [
        (1, "Let it install version 1.0.1, the last one, before 2027-06-30."),
        (2, "Let it install version 1.0.1, the last one, before 2027-06-30."),
        (3, "Take it off the internet, or replace it."),
    ],
)
def test_a_letter_says_first_what_to_do(stage, first):
    said = letter("Camera", END, stage, "https://example.com")
    assert said.startswith(f"Camera\n\nWhat to do\n{first}")
    assert "Pictures." in said
    assert "https://example.com/p/cam-1" in said


def test_nobody_is_told_of_an_end_that_was_not_announced(world, staff):
    products.declare(world, staff, b"schema: product/1\nproduct: {id: cam-1, name: Camera, models: [C]}\n")
    assert tell_of_end(world, "cam-1", 1) == 0
