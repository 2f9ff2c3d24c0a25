"""The page of API tokens and of trust in CI platforms."""

import re
from datetime import timedelta
from typing import Any

import pytest
from makers import Maker
from sites import faults

from careful import people
from careful.kernel.actors import OPERATOR, Actor

PAGE = "/settings/tokens"


def test_a_token_is_shown_once_warned_of_and_revoked(browser: Any, secret: bytes) -> None:
    browser.open(PAGE)
    assert "careful token new" in browser.text
    browser.send(PAGE, name="<b>CI</b>", days="20", scope=["cases:read", "cases:judge"])
    token = re.search(r"<code>(careful_\w+)</code>", browser.text)
    assert token
    assert people.actor_of_token(browser.world, token[1], ("cases", "judge"))
    assert token[1] not in browser.open(PAGE).text
    assert faults(browser.page.text) == []
    assert "within two weeks" not in browser.text
    for _ in range(7):
        browser.clock.advance(timedelta(days=1))
    browser.sign_in(secret)
    assert "1 token ends within two weeks" in browser.open(f"{PAGE}?sort=-until").text
    revoke = re.search(r"/settings/tokens/(\w+)/revoke", browser.text)
    assert revoke
    assert browser.send(f"{PAGE}/{revoke[1]}/revoke").status_code == 303
    assert "revoked" in browser.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("days", ["", "x", "-1", "0", "91", "9999999999", "\u0663"])
def test_a_tokens_life_is_a_number_in_bounds(browser: Any, secret: bytes, days: str) -> None:
    browser.open(PAGE)
    assert browser.send(PAGE, name="CI", days=days, scope="cases:read").status_code == 400


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_platform_is_trusted_and_no_longer(browser: Any, secret: bytes, staff: Actor, tmp_path: Any) -> None:
    Maker(browser.world, staff, tmp_path).declare()
    browser.open(PAGE)
    given = {
        "name": "camera's CI", "issuer": "https://gitlab.com", "product": "cam-1", "minutes": "10",
        "claims": "sub = project_path:acme/camera:ref_type:branch:ref:main\n\nref_protected=true\n",
        "scope": ["releases:read", "releases:add"], "audience": "https://careful.example",
    }  # fmt: skip
    assert browser.send(f"{PAGE}/trusts", **given).status_code == 303
    (trust,) = people.list_trusts(browser.world)
    assert (trust.claims["ref_protected"], trust.minutes, trust.audience) == ("true", 10, "https://careful.example")
    assert "project_path:acme/camera" in browser.text
    assert faults(browser.page.text) == []
    for wrong in (
        {"claims": "sub"},
        {"claims": "sub=x\nsub=y"},
        {"minutes": "x"},
        {"product": "nothing"},
        {"issuer": "x"},
    ):
        assert browser.send(f"{PAGE}/trusts", **{**given, **wrong}).status_code in {400, 404}
        browser.open(PAGE)
    assert browser.send(f"{PAGE}/trusts/{trust.id}/end").status_code == 303
    assert "ended" in browser.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_engineer_sees_and_ends_only_their_own(browser: Any, secret: bytes, stranger: Any) -> None:
    people.issue_token(browser.world, OPERATOR, "of the server", ["cases:read"], 30)
    stranger.enrol(people.invite(browser.world, OPERATOR, ("firmware-engineer",)), "eve@example.org", "Eve")
    stranger.open(PAGE)
    assert "of the server" not in stranger.text
    assert "CI jobs without a secret" not in stranger.text
    (other,) = people.list_tokens(browser.world)
    assert stranger.send(f"{PAGE}/{other.id}/revoke").status_code == 403
    stranger.open(PAGE)
    assert stranger.send(f"{PAGE}/trusts", name="x").status_code == 403
    stranger.open(PAGE)
    assert stranger.send(PAGE, name="mine", days="5", scope="releases:publish").status_code == 403
    stranger.open(PAGE)
    assert stranger.send(PAGE, name="mine", days="5", scope="releases:add").status_code == 200
    (mine,) = (one for one in people.list_tokens(browser.world) if one.name == "mine")
    stranger.open(PAGE)
    assert stranger.send(f"{PAGE}/{mine.id}/revoke").status_code == 303


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["", "/x/revoke", "/trusts", "/trusts/x/end"])
def test_support_sees_nothing_of_it(browser: Any, secret: bytes, stranger: Any, path: str) -> None:
    stranger.enrol(people.invite(browser.world, OPERATOR, ("support",)), "sue@example.org", "Sue")
    assert stranger.open(PAGE).status_code == 403
    stranger.open("/")
    assert stranger.send(f"{PAGE}{path}", name="x", scope="cases:read").status_code == 403
