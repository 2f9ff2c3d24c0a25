"""What a provider may say of itself, and that silence is told as such."""

from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwk, jws, jwt

from careful.kernel.errors import Unauthenticated, Unavailable
from careful.kernel.settings import Settings
from careful.people.identity_provider import Provider, is_safe, read_description, read_token

ISSUER = "https://id.example.org"
GOOD = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://id.example.org/authorize",
    "token_endpoint": "https://api.example.org/token",
    "jwks_uri": "https://keys.example.org/",
}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        pytest.param({"issuer": "https://evil.test"}, "does not describe itself", id="another issuer"),
        pytest.param({"token_endpoint": "http://id.example.org/token"}, "not HTTPS", id="in the clear"),
        pytest.param({"jwks_uri": None}, "not HTTPS", id="no keys"),
        pytest.param({"code_challenge_methods_supported": ["plain"]}, "PKCE", id="no PKCE"),
    ],
)
def test_what_is_refused(other: dict[str, Any], says: str) -> None:
    with pytest.raises(Unavailable, match=says):
        read_description(GOOD | other, ISSUER)


def test_what_is_taken() -> None:
    assert read_description(GOOD, ISSUER).keys == "https://keys.example.org/"
    assert read_description(GOOD | {"authorization_response_iss_parameter_supported": True}, ISSUER).names_itself
    with pytest.raises(Unavailable):
        read_description([], ISSUER)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://id.example.org/x", True),
        ("http://127.0.0.1:9400/x", True),
        ("http://id.example.org", False),
        ("https://user@id.example.org", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("http://[", False),
    ],
)
def test_safe_addresses(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


def test_a_provider_that_does_not_answer_is_told_as_such(world: Any) -> None:
    settings = Settings(data=world.home, oidc_issuer="http://127.0.0.1:9", oidc_client="careful")
    with pytest.raises(Unavailable, match="could not be asked"):
        Provider().describe(replace(world, settings=settings))


RSA, OTHER = (jwk.RSAKey.generate_key(2048) for _ in range(2))


def public(key: jwk.RSAKey, **more: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def test_a_token_is_good_by_one_key_of_the_provider() -> None:
    token = jwt.encode({"alg": "RS256"}, {"sub": "u"}, RSA)
    assert read_token(token, [public(RSA)]) == {"sub": "u"}  # no name needed where there is one key
    named = jwt.encode({"alg": "RS256", "kid": "b"}, {"sub": "u"}, RSA)
    assert read_token(named, [public(OTHER, kid="a"), public(RSA, kid="b")]) == {"sub": "u"}
    shared = jws.serialize_compact({"alg": "HS256"}, b"{}", jwk.OctKey.import_key(b"k" * 32))
    refused = [
        (token, [public(OTHER)], "signature"),
        (token, [public(OTHER, kid="a"), public(RSA, kid="b")], "does not name"),
        (named, [public(RSA, kid="a")], "does not have"),
        (named, [public(RSA, kid="b", alg="PS256")], "does not have"),
        (named, [public(RSA, kid="b", use="enc")], "does not have"),
        (token, [], "does not have"),
        (token, {"a": 1}, "does not have"),
        (token, ["x", None], "does not have"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.", [public(RSA)], "none of ours"),
        (shared, [public(RSA)], "none of ours"),
        ("x" * 20000, [public(RSA)], "none of ours"),
        ("no token", [public(RSA)], "no ID token"),
    ]
    for given, keys, says in refused:
        with pytest.raises(Unauthenticated, match=says):
            read_token(given, keys)
