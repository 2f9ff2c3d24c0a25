"""Keys of issuers: found over real HTTPS, kept, asked for rarely; and tokens that lie about theirs."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from issuer_server import Issuer
from joserfc.jwk import RSAKey

from careful.kernel.clock import ManualClock
from careful.kernel.errors import Invalid, Unavailable
from careful.kernel.work import World
from careful.people.issuers import Issuers, peek

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
AUDIENCE = "https://careful.example"


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with Issuer(tmp_path) as running:
        yield running


@pytest.fixture
def inside(world: World, issuer: Issuer) -> World:
    """The world whose network the issuer is in."""
    given = {"ci_issuers_inside": ("localhost",), "ci_issuer_ca": str(issuer.ca)}
    return replace(world, settings=world.settings.model_copy(update=given))


def test_keys_are_fetched_once_and_a_new_one_is_found(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    known = Issuers()

    def claims(kid: str = "one", alg: str = "RS256") -> dict[str, object]:
        token = issuer.says(clock.now(), AUDIENCE, kid=kid, alg=alg)
        return known.claims(inside, token, peek(token))

    assert claims()["aud"] == claims()["aud"] == AUDIENCE
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]
    issuer.add_key("two")
    with pytest.raises(Invalid, match="no such key"):
        claims("two", "ES256")
    assert len(issuer.asked) == 2  # not asked again within the minute
    clock.advance(timedelta(seconds=61))
    assert claims("two", "ES256")
    assert claims()
    assert len(issuer.asked) == 4
    clock.advance(timedelta(minutes=11))
    del issuer.keys["one"]
    token = issuer.says(clock.now(), AUDIENCE, kid="two", alg="ES256")
    assert known.claims(inside, token, peek(token))
    issuer.keys["one"] = RSAKey.generate_key(2048, {"kid": "one"})  # another key under the same name
    with pytest.raises(Invalid, match="no such key"):
        claims()


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        pytest.param("/.well-known/openid-configuration", (302, b"/elsewhere"), "answered 302", id="a redirect"),
        pytest.param(
            "/.well-known/openid-configuration", (200, b'{"issuer": "https://other"}'), "describe", id="other"
        ),
        pytest.param("/.well-known/openid-configuration", (200, b"[]"), "describe itself", id="a list"),
        pytest.param("/keys", (200, b'"' + b"x" * (257 << 10) + b'"'), "more than", id="too much"),
        pytest.param(
            "/keys", (200, b'{"keys": ' + json.dumps([{}] * 51).encode() + b"}"), "at most 50", id="many keys"
        ),
        pytest.param("/keys", (500, b"{}"), "answered 500", id="broken"),
    ],
)
def test_an_issuer_that_misbehaves(
    inside: World, issuer: Issuer, clock: ManualClock, path: str, answer: tuple[int, bytes], says: str
) -> None:
    known, token = Issuers(), issuer.says(clock.now(), AUDIENCE)
    issuer.answers[path] = answer
    for _ in range(3):
        with pytest.raises(Unavailable, match=says):
            known.claims(inside, token, peek(token))
    asked = len(issuer.asked)
    assert asked <= 2  # it is left alone for a minute
    issuer.answers.clear()
    clock.advance(timedelta(seconds=61))
    assert known.claims(inside, token, peek(token))


def test_keys_elsewhere_are_not_fetched(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    elsewhere = {"issuer": issuer.url, "jwks_uri": issuer.url.replace("localhost", "127.0.0.1") + "/keys"}
    issuer.answers["/.well-known/openid-configuration"] = (200, json.dumps(elsewhere).encode())
    token = issuer.says(clock.now(), AUDIENCE)
    with pytest.raises(Unavailable, match="another host"):
        Issuers().claims(inside, token, peek(token))


def test_nobody_inside_is_asked_unless_named(world: World, issuer: Issuer, clock: ManualClock) -> None:
    token = issuer.says(clock.now(), AUDIENCE)
    with pytest.raises(Unavailable, match="inside our own network"):
        Issuers().claims(world, token, peek(token))
    assert issuer.asked == []


def _forge(token: str, header: dict[str, object], signature: bytes = b"x") -> str:
    def packed(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    signed = f"{packed(json.dumps(header).encode())}.{token.split('.')[1]}"
    return f"{signed}.{packed(signature)}"


def test_tokens_that_lie(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    known, good = Issuers(), issuer.says(clock.now(), AUDIENCE)
    public = json.dumps(issuer.keys["one"].as_dict(private=False)).encode()
    head, body, _ = good.split(".")
    hmac_signed = hmac.digest(public, f"{head}.{body}".encode(), "sha256")
    stranger = RSAKey.generate_key(2048, {"kid": "one"}).as_dict(private=False)
    lies = [
        _forge(good, {"alg": "none", "kid": "one"}, b""),
        _forge(good, {"alg": "HS256", "kid": "one"}, hmac_signed),
        _forge(good, {"alg": "RS512", "kid": "one"}),
        _forge(good, {"alg": "RS256", "kid": "one", "jwk": stranger, "jku": "https://evil.example"}),
        _forge(good, {"alg": "ES256", "kid": "one"}),
        _forge(good, {"alg": "PS256", "kid": "one"}),
        _forge(good, {"alg": "RS256", "kid": "../one"}),
        _forge(good, {"alg": "RS256"}),
        _forge(good, {"alg": "RS256", "kid": "one", "crit": ["exp"], "exp": 1}),
        f"{head}.{body}.",
        f"{head}.{body}",
        good + ".x",
        good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
        good.replace(body, body[:-2]),
        "x" * 20_000,
        "",
        "a.b.c",
        "\u00e9.\u00e9.\u00e9",
    ]
    for lie in lies:
        with pytest.raises(Invalid, match="taken by no trust"):
            known.claims(inside, lie, peek(lie))
    assert known.claims(inside, good, peek(good))


@pytest.mark.filterwarnings("ignore:Key size")
def test_weak_and_private_keys_are_left_aside(inside: World, issuer: Issuer, clock: ManualClock) -> None:
    weak = RSAKey.generate_key(1024, {"kid": "weak"}, private=True)
    leaked = RSAKey.generate_key(2048, {"kid": "leaked"})
    encrypts = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    listed = [weak.as_dict(private=False), leaked.as_dict(private=True), encrypts.as_dict(private=False), "x", {}]
    listed.append(issuer.keys["one"].as_dict(private=False))
    issuer.answers["/keys"] = (200, json.dumps({"keys": listed}).encode())
    known = Issuers()
    for kid, key in (("weak", weak), ("leaked", leaked), ("enc", encrypts)):
        issuer.keys[kid] = key
        if kid == "enc":
            continue
        token = issuer.says(clock.now(), AUDIENCE, kid=kid)
        with pytest.raises(Invalid, match="no such key"):
            known.claims(inside, token, peek(token))
    token = issuer.says(clock.now(), AUDIENCE)
    assert known.claims(inside, token, peek(token))
