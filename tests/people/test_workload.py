"""What a trust takes and what it does not: claims, patterns, times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.people import workload
from careful.people.model import Trust

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
GOOD: dict[str, Any] = {
    "iss": "https://ci.example", "sub": "repo:acme/camera:ref:refs/heads/main", "aud": "https://careful.example",
    "exp": AT + 300, "iat": AT, "nbf": AT, "jti": "1", "ref_protected": "true", "run_attempt": 1,
}  # fmt: skip


def trust(**claims: str) -> Trust:
    return Trust(
        id="t", name="CI", issuer="https://ci.example", audience="https://careful.example",
        claims=claims or {"sub": "repo:acme/camera:ref:refs/heads/main"}, scopes=("releases:add", "releases:read"),
        product="cam-1", minutes=15, made_by="operator:cli", made_at=NOW, used_at=None, ended_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("repo:acme/camera:ref:refs/heads/main", "repo:acme/camera:ref:refs/heads/main", True),
        ("repo:acme/camera:ref:refs/heads/main", "repo:acme/camera:ref:refs/heads/main2", False),
        ("repo:acme/camera:ref:refs/heads/*", "repo:acme/camera:ref:refs/heads/release/1.0", True),
        ("repo:acme/camera:ref:refs/tags/v*", "repo:acme/camera:ref:refs/heads/v1", False),
        ("repo:acme/*", "repo:acme/camera:pull_request", False),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/x:environment:y:ref:refs/heads/main", False),
        ("repo:acme/camera:environment:production", "REPO:acme/camera:environment:production", False),
        ("true", True, True),
        ("1", 1, True),
        ("1", [1], False),
        ("main", None, False),
        ("main*", "main\nx", True),
        ("ma.n", "main", False),
    ],
)
def test_patterns(pattern: str, value: object, fits: bool) -> None:
    assert workload.fits(pattern, value) is fits


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_pattern_without_a_star_fits_only_itself(pattern: str, other: str) -> None:
    pattern = pattern.replace("*", "")
    assert workload.fits(pattern, pattern)
    assert not workload.fits(pattern, pattern + other + "x")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"exp": AT}, "expired", id="expired this second"),
        pytest.param({"exp": None}, "exp", id="no end"),
        pytest.param({"exp": "soon"}, "exp", id="an end in words"),
        pytest.param({"exp": True}, "exp", id="a truth for an end"),
        pytest.param({"exp": float("inf")}, "exp", id="no end at all"),
        pytest.param({"exp": AT + 86_401}, "more than a day", id="good for too long"),
        pytest.param({"iat": AT + 31}, "future", id="issued in the future"),
        pytest.param({"iat": None}, "iat", id="never issued"),
        pytest.param({"nbf": AT + 31}, "not good yet", id="not good yet"),
        pytest.param({"jti": None}, "jti", id="no number"),
        pytest.param({"jti": 7}, "jti", id="a number for a text"),
        pytest.param({"jti": "x" * 301}, "jti", id="a long number"),
        pytest.param({"sub": None}, "sub", id="no subject"),
        pytest.param({"iss": ""}, "iss", id="no issuer"),
        pytest.param({"aud": None}, "aud", id="no audience"),
    ],
)
def test_claims_that_are_refused(changed: dict[str, Any], says: str) -> None:
    said = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    with pytest.raises(Invalid, match=says):
        workload.read_claims(said, NOW)


def test_clocks_may_differ_by_half_a_minute() -> None:
    assert workload.read_claims({**GOOD, "iat": AT + 30, "nbf": AT + 30}, NOW).jti == "1"


@pytest.mark.parametrize(
    ("audience", "wrong"),
    [
        ("https://careful.example", ""),
        (["https://careful.example"], ""),
        ("https://careful.example/", "aud"),
        (["https://careful.example", "https://other.example"], "aud"),
        ([], "aud"),
        ({"https://careful.example": 1}, "aud"),
    ],
)
def test_it_must_be_for_us_alone(audience: object, wrong: str) -> None:
    said = workload.read_claims({**GOOD, "aud": audience}, NOW)
    assert workload.misfit(trust(), said) == wrong


def test_every_claim_of_a_trust_must_fit() -> None:
    said = workload.read_claims(GOOD, NOW)
    assert workload.misfit(trust(sub="repo:acme/*:ref:refs/heads/main", ref_protected="true"), said) == ""
    assert (
        workload.misfit(trust(sub="repo:acme/*:ref:refs/heads/main", environment="production"), said) == "environment"
    )


def test_a_job_may_ask_for_less_and_never_for_more() -> None:
    assert workload.narrowed(trust(), []) == ("releases:add", "releases:read")
    assert workload.narrowed(trust(), ["releases:read"]) == ("releases:read",)
    with pytest.raises(Invalid, match="releases:sign"):
        workload.narrowed(trust(), ["releases:read", "releases:sign"])


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"ref": "refs/heads/main"}, id="no subject"),
        pytest.param({"sub": "*"}, id="anybody"),
        pytest.param({"sub": "re*"}, id="almost anybody"),
        pytest.param({"sub": ""}, id="empty"),
        pytest.param({"sub": "x\n"}, id="two lines"),
        pytest.param({"sub": "x" * 301}, id="too long"),
        pytest.param({"sub": "x", "iss": "y"}, id="a claim that is ours to check"),
        pytest.param({"sub": "x", **{f"c{n}": "x" for n in range(10)}}, id="too many"),
    ],
)
def test_patterns_that_are_refused(claims: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        workload.clean_claims(claims)


@pytest.mark.parametrize(
    "address",
    ["http://ci.example", "https://", "https://u:p@ci.example", "https://ci.example?x", "https://ci.example#x",
     "ci.example", "https://ci.example:99999", "https://[::1", "https://ci example", "https://" + "x" * 250],
)  # fmt: skip
def test_addresses_that_are_no_issuers(address: str) -> None:
    with pytest.raises(Invalid):
        workload.clean_issuer(address)


def test_no_job_reaches_people_data_or_settings() -> None:
    assert {scope.partition(":")[0] for scope in workload.JOB_SCOPES} == {"products", "releases", "rollouts"}
    assert timedelta(minutes=workload.MOST_MINUTES) <= timedelta(hours=1)
