"""Talking with the identity provider: discovery, the way to it, the code for a token, the token's signature.

The provider is named in the settings, so it is trusted to be asked; still its answers are bounded in time and bytes,
nothing follows a redirect, and each of its addresses must be HTTPS (plain HTTP on loopback only).
"""

import json
import ssl
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.integrations.base_client import OAuthError
from joserfc import jws, jwt
from joserfc.errors import JoseError

from careful.kernel.errors import Unauthenticated, Unavailable
from careful.kernel.settings import LOOPBACK, Settings
from careful.kernel.work import World
from careful.people import issuers

BACK = "/sign-in/identity/back"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SCOPE = "openid profile email"
_SECONDS, _MOST_BYTES, _MOST_KEYS = 10.0, 256 << 10, 50
_FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Described:
    """Where a provider does what, as it says itself."""

    authorization: str
    token: str
    keys: str
    names_itself: bool


class Provider:
    """The one provider of an installation; what it says of itself is kept for ten minutes."""

    def __init__(self) -> None:
        self._kept: tuple[datetime, str, Described] | None = None
        self._lock = threading.Lock()

    def describe(self, world: World) -> Described:
        """Return where it does what. Raises Unavailable."""
        settings, now = world.settings, world.clock.now()
        with self._lock:
            if self._kept and self._kept[1] == settings.oidc_issuer and now - self._kept[0] < _FRESH:
                return self._kept[2]
        said = _fetch(settings, f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
        found = read_description(said, settings.oidc_issuer)
        with self._lock:
            self._kept = (now, settings.oidc_issuer, found)
        return found

    def way_to(self, world: World, *, state: str, nonce: str, verifier: str, again: bool) -> str:
        """Return where a browser is sent; `again` asks that a factor be shown anew. Raises Unavailable."""
        more = {"prompt": "login", "max_age": "0"} if again else {}
        with _client(world.settings) as client:
            url, _ = client.create_authorization_url(
                self.describe(world).authorization, state=state, nonce=nonce, code_verifier=verifier, **more
            )
        return str(url)

    def claims(self, world: World, said: Mapping[str, str], verifier: str) -> dict[str, Any]:
        """Return what the ID token for a code says, its signature checked. Raises Unauthenticated, Unavailable."""
        described = self.describe(world)
        if said.get("iss", "" if described.names_itself else world.settings.oidc_issuer) != world.settings.oidc_issuer:
            raise _refused("it came from another provider")  # RFC 9207: no mixing up of providers
        token = _exchange(world.settings, described.token, said.get("code", ""), verifier)
        listed = _fetch(world.settings, described.keys)
        return read_token(token, listed.get("keys") if isinstance(listed, dict) else None)


def read_token(token: str, listed: object) -> dict[str, Any]:
    """Return what an ID token says, if one of the provider's keys signed it. Raises Unauthenticated.

    A token need not say by which key where the provider has one of that kind only (OpenID Connect Core 1.0, 10.1).
    """
    try:
        header = jws.extract_compact(token.encode("ascii")).headers() if len(token) <= issuers.LONGEST_TOKEN else {}
    except (JoseError, ValueError, TypeError, RecursionError) as broken:
        raise _refused("it holds no ID token") from broken
    algorithm, named = header.get("alg"), header.get("kid", "")
    if algorithm not in issuers.ALGORITHMS or "crit" in header:
        raise _refused("its algorithm is none of ours")
    read = (issuers.read_key({"kid": "", **one}) for one in _keys_in(listed))
    fitting = [key for key in read if key is not None and issuers.fits(key, algorithm) and named in {"", key.kid}]
    if len(fitting) != 1:
        raise _refused("it is signed by a key that the provider does not have, or does not name")
    try:
        return dict(jwt.decode(token, fitting[0], algorithms=[algorithm]).claims)
    except (JoseError, ValueError, TypeError) as broken:
        raise _refused("its signature is not the provider's") from broken


def _keys_in(listed: object) -> list[dict[str, Any]]:
    return [one for one in (listed if isinstance(listed, list) else [])[:_MOST_KEYS] if isinstance(one, dict)]


def read_description(said: object, issuer: str) -> Described:
    """Return where a provider does what. Raises Unavailable where it names another issuer or an unsafe address."""
    if not isinstance(said, dict) or said.get("issuer") != issuer:
        raise Unavailable(
            f"{issuer} does not describe itself as that issuer.",
            do="CAREFUL_OIDC_ISSUER must be letter by letter what the provider calls itself.",
        )
    authorization, token, keys = (str(said.get(name, "")) for name in _ADDRESSES)
    if not all(is_safe(one) for one in (authorization, token, keys)):
        raise Unavailable(f"{issuer} names an address that is missing or not HTTPS.", do="Ask who runs it.")
    methods = said.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise Unavailable(f"{issuer} does not do PKCE with S256.", do="Switch it on at the provider.")
    names_itself = said.get("authorization_response_iss_parameter_supported") is True
    return Described(authorization, token, keys, names_itself)


def is_safe(address: str) -> bool:
    """Tell whether an address is HTTPS, or HTTP on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return (parts.scheme == "https" or local) and bool(parts.hostname) and parts.username is None


def _exchange(settings: Settings, address: str, code: str, verifier: str) -> str:
    try:
        with _client(settings) as client:
            given = client.fetch_token(address, grant_type="authorization_code", code=code, code_verifier=verifier)
    except OAuthError as failure:
        raise _refused(f"it says {str(failure.error)[:80]}") from failure
    except (httpx.HTTPError, OSError, ValueError) as failure:
        raise _silent(failure) from failure
    token = given.get("id_token")
    if not isinstance(token, str):
        raise _refused("it holds no ID token")
    return token


def _client(settings: Settings) -> Any:  # noqa: ANN401 (authlib has no types)
    with warnings.catch_warnings(action="ignore"):  # it would rather have httpx2, which nothing else here takes yet
        from authlib.integrations.httpx_client import OAuth2Client  # noqa: PLC0415 (off by default)
    secret = settings.oidc_client_secret.get_secret_value()
    return OAuth2Client(
        client_id=settings.oidc_client,
        client_secret=secret or None,
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        scope=_SCOPE,
        redirect_uri=settings.console_url + BACK,
        code_challenge_method="S256",
        timeout=_SECONDS,
        verify=_context(settings),
        follow_redirects=False,
        trust_env=False,
    )


def _fetch(settings: Settings, address: str) -> Any:  # noqa: ANN401 (JSON is Any)
    try:
        with httpx.Client(timeout=_SECONDS, verify=_context(settings), trust_env=False) as client:
            content = client.get(address, headers={"accept": "application/json"}).raise_for_status().content
        return json.loads(content) if len(content) <= _MOST_BYTES else None
    except (httpx.HTTPError, OSError, ValueError, RecursionError) as failure:
        raise _silent(failure) from failure


def _context(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.oidc_ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated(f"Your identity provider's answer was not taken: {why}.", do="Sign in again.")


def _silent(failure: Exception) -> Unavailable:
    said = str(failure)[:200] or type(failure).__name__
    return Unavailable(
        f"The identity provider could not be asked: {said}.", do="Try again, or sign in with a passkey or a password."
    )
