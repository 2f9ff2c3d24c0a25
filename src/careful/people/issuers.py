"""The keys of those who vouch for CI jobs: found by OpenID Connect Discovery, kept for minutes, asked for rarely.

Only an issuer that a trust names is ever asked. Its keys must be on its own host. What a token itself says of keys
(`jku`, `jwk`, `x5u`, `x5c`) is never looked at; the algorithm must be one of ours (RFC 8725, sections 3.1 and 3.10).
"""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from careful.kernel import outward
from careful.kernel.errors import CarefulError, Invalid, Unavailable
from careful.kernel.work import World

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "ES384": "EC", "EdDSA": "OKP"}
LONGEST_TOKEN = 16 << 10
_MOST_BYTES, _MOST_KEYS = 256 << 10, 50
_FRESH, _PAUSE = timedelta(minutes=10), timedelta(seconds=60)
_RSA_BITS = range(2048, 8193)
Fetch = Callable[[World, str], Any]


@dataclass(frozen=True, slots=True)
class Presented:
    """What a token says before anybody has looked at its signature: worth no more than to find the key."""

    issuer: str
    algorithm: str
    key: str


@dataclass(slots=True)
class _Kept:
    keys: Mapping[str, Key]
    at: datetime
    failed: str = ""


def peek(token: str) -> Presented:
    """Return who a token says it is from. Raises Invalid where it is no signed token of an algorithm of ours."""
    if len(token) > LONGEST_TOKEN:
        raise _no_token("it is too long")
    try:
        signed = jws.extract_compact(token.encode("ascii"))
        header, issuer = signed.headers(), json.loads(signed.payload).get("iss")
    except (JoseError, ValueError, AttributeError, RecursionError, TypeError) as broken:
        raise _no_token("it is no JSON Web Token") from broken
    algorithm, key = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise _no_token(f"its algorithm is none of {', '.join(ALGORITHMS)}")
    if "crit" in header or not isinstance(issuer, str) or not isinstance(key, str):
        raise _no_token("it does not say by which key of whom it is signed")
    return Presented(issuer, algorithm, key)


class Issuers:
    """Keys by issuer, shared by all requests of a process."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or _over_https
        self._kept: dict[str, _Kept] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def claims(self, world: World, token: str, seen: Presented) -> dict[str, Any]:
        """Return what a token of a trusted issuer says, its signature checked. Raises Invalid, Unavailable."""
        key = self._key(world, seen)
        if key is None or not fits(key, seen.algorithm):
            raise _no_token("its issuer has no such key")
        try:
            return dict(jwt.decode(token, key, algorithms=[seen.algorithm]).claims)
        except (JoseError, ValueError, TypeError) as broken:
            raise _no_token("its signature is not its issuer's") from broken

    def _key(self, world: World, seen: Presented) -> Key | None:
        """Return the key; an unknown one has the issuer asked again, once a minute at most."""
        with self._locks[seen.issuer]:
            now, kept = world.clock.now(), self._kept.get(seen.issuer)
            old = kept is None or now - kept.at > _FRESH
            if kept is not None and not old and seen.key in kept.keys:
                return kept.keys[seen.key]
            if kept is None or now - kept.at > _PAUSE:
                kept = self._ask(world, seen.issuer, now)
            if kept.failed:
                raise Unavailable(kept.failed, do="Try again in a minute.")
            return kept.keys.get(seen.key)

    def _ask(self, world: World, issuer: str, now: datetime) -> _Kept:
        try:
            found = _Kept(_keys(self._fetch, world, issuer), now)
        except CarefulError as failure:
            found = _Kept({}, now, failure.what)
        self._kept[issuer] = found
        return found


def _keys(fetch: Fetch, world: World, issuer: str) -> dict[str, Key]:
    described = fetch(world, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if not isinstance(described, dict) or described.get("issuer") != issuer:
        raise Unavailable(f"{issuer} does not describe itself as that issuer.")
    address = described.get("jwks_uri")
    if not isinstance(address, str) or not _same_host(issuer, address):
        raise Unavailable(f"{issuer} keeps its keys on another host.")
    listed = fetch(world, address)
    keys = listed.get("keys") if isinstance(listed, dict) else None
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise Unavailable(f"{issuer} gives no list of at most {_MOST_KEYS} keys.")
    good = (read_key(one) for one in keys)
    return {str(key.kid): key for key in good if key is not None}


def read_key(said: object) -> Key | None:
    """Read one public key for signatures; what is none of ours is left aside (RFC 7517, section 5)."""
    if not isinstance(said, dict) or said.get("kty") not in _TYPES.values() or "d" in said:
        return None
    if said.get("use", "sig") != "sig" or not isinstance(said.get("kid"), str) or len(str(said.get("n", ""))) > 1400:  # noqa: PLR2004 (8,192 bits in base 64)
        return None
    try:
        key = JWKRegistry.import_key(said)
        public = key.get_op_key("verify")
        if isinstance(public, RSAPublicKey) and public.key_size not in _RSA_BITS:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key


def fits(key: Key, algorithm: str) -> bool:
    """Tell whether a key is of the kind that an algorithm of ours takes, and not made for another."""
    return key.key_type == _TYPES[algorithm] and key.alg in {None, algorithm}


def _same_host(issuer: str, address: str) -> bool:
    try:
        ours, theirs = urlsplit(issuer), urlsplit(address)
        there = (theirs.scheme, theirs.hostname, theirs.port, theirs.username)
        here = ("https", ours.hostname, ours.port, None)
    except ValueError:
        return False
    return there == here


def _over_https(world: World, url: str) -> Any:  # noqa: ANN401 (JSON is Any)
    settings = world.settings
    return outward.fetch_json(url, most_bytes=_MOST_BYTES, inside=settings.ci_issuers_inside, ca=settings.ci_issuer_ca)


def _no_token(why: str) -> Invalid:
    return Invalid(
        f"That token is taken by no trust here: {why}.", do="See docs/ci.md, Without a secret.", where="subject_token"
    )
