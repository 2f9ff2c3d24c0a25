"""Problem bodies (RFC 9457)."""

import pytest

from careful.entrypoints.problem import SHOWN, body_of
from careful.kernel.errors import CarefulError, Invalid, Problem, TooLarge


@pytest.mark.parametrize(
    ("refusal", "kind", "title"),
    [
        pytest.param(
            TooLarge("Too much.", do="Send less.", where="sbom"), "toolarge", "Request Entity Too Large", id="413"
        ),
        pytest.param(Invalid("Broken.", do="Send less.", where="sbom"), "invalid", "Bad Request", id="400"),
    ],
)
def test_a_body(refusal: CarefulError, kind: str, title: str) -> None:
    assert body_of(refusal) == {
        "type": f"urn:careful:problem:{kind}",
        "title": title,
        "status": refusal.status,
        "detail": refusal.what,
        "do": "Send less.",
        "where": "sbom",
        "problems": [],
    }


def test_the_places_are_bounded() -> None:
    places = tuple(Problem(where=f"line {number}", expected="a name") for number in range(SHOWN + 1))
    assert len(body_of(Invalid("Broken.", problems=places))["problems"]) == SHOWN
