"""What an ID token must say, and what groups give."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid, Unauthenticated
from careful.people.identity_claims import read_claims, read_mapping, roles_for
from careful.people.roles import ROLES

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
GOOD = {
    "iss": "https://id.example.org",
    "aud": "careful",
    "sub": "u-1",
    "nonce": "n",
    "iat": SECOND,
    "exp": SECOND + 300,
    "name": "Ann",
    "email": "Ann@Example.org",
    "groups": ["firmware", 7, "x" * 300],
    "auth_time": SECOND - 5,
}


def read(**other: Any) -> Any:
    claims = {name: value for name, value in (GOOD | other).items() if value is not None}
    return read_claims(claims, issuer="https://id.example.org", client="careful", nonce="n", now=NOW, groups="groups")


def test_what_a_good_token_says() -> None:
    said = read()
    assert (said.subject, said.name, said.email, said.groups) == ("u-1", "Ann", "ann@example.org", {"firmware"})
    assert said.authenticated_at == datetime.fromtimestamp(SECOND - 5, UTC)
    assert read(aud=["careful"]).subject == "u-1"
    assert read(aud=["careful", "other"], azp="careful").subject == "u-1"
    assert read(groups="firmware").groups == {"firmware"}
    assert (read(name=None).name, read(email="none").email, read(auth_time=True).authenticated_at) == ("", "", None)


@pytest.mark.parametrize(
    ("other", "claim"),
    [
        pytest.param({"iss": "https://id.example.org/"}, "iss", id="another issuer, by a slash"),
        pytest.param({"aud": "other"}, "aud", id="for another client"),
        pytest.param({"aud": None}, "aud", id="for nobody"),
        pytest.param({"aud": ["careful", "other"]}, "aud", id="for two, and no word by whom"),
        pytest.param({"azp": "other"}, "azp", id="by another client"),
        pytest.param({"nonce": "m"}, "nonce", id="of another attempt"),
        pytest.param({"nonce": None}, "nonce", id="of no attempt"),
        pytest.param({"exp": SECOND - 61}, "exp", id="expired"),
        pytest.param({"exp": "soon"}, "exp", id="no time"),
        pytest.param({"iat": SECOND - 601}, "iat", id="old"),
        pytest.param({"iat": SECOND + 61}, "iat", id="from the future"),
        pytest.param({"sub": ""}, "sub", id="nobody"),
        pytest.param({"sub": "x" * 256}, "sub", id="too long a name"),
        pytest.param({"sub": 7}, "sub", id="a number"),
    ],
)
def test_what_is_not_taken(other: dict[str, Any], claim: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        read(**other)
    assert refused.value.where == claim


def test_groups_give_roles_by_the_settings_only() -> None:
    mapping = read_mapping(["firmware=firmware-engineer", "cn=a=b=support", " desk = support "])
    assert mapping == (("firmware", "firmware-engineer"), ("cn=a=b", "support"), ("desk", "support"))
    assert roles_for(["desk", "cn=a=b", "administrator"], mapping) == ("support",)
    for line in ("desk=owner", "=support", "support", ""):
        with pytest.raises(Invalid, match="gives no group a role"):
            read_mapping([line])


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_a_group_more_never_takes_a_role(some: set[str], more: set[str]) -> None:
    mapping = tuple(zip("abcdef", ROLES, strict=False))
    assert set(roles_for(some, mapping)) <= set(roles_for(some | more, mapping))
