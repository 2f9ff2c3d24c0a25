"""Make-believe staff for tests: people with an authenticator app, who come in by a one-time link like anybody."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import argon2
import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from careful import people
from careful.kernel.clock import ManualClock
from careful.kernel.work import World
from careful.people import passwords, totp

PASSWORD = "correct horse battery"
DOOR = people.Door("203.0.113.7", "Test browser")


@dataclass
class Person:
    """Somebody with an authenticator app and a browser."""

    world: World
    clock: ManualClock
    email: str
    secret: bytes
    cookie: str
    codes: tuple[str, ...]
    known: str = ""

    @property
    def session(self) -> people.Session:
        return people.find(self.world, self.cookie)

    @property
    def id(self) -> str:
        return people.account_of(self.world, self.email).id

    def code(self) -> str:
        """Wait for the app's next code and read it."""
        self.clock.advance(timedelta(seconds=totp.PERIOD))
        return totp.code_at(self.secret, self.clock.now())

    def sign_in(self, door: people.Door = DOOR, **instead: str) -> people.Entrance:
        given = {"email": self.email, "password": PASSWORD} | instead
        if "code" not in given:
            given["code"] = self.code()
        return people.sign_in(self.world, door=door, **given)

    def sign_in_now(self, code: str) -> people.Entrance:
        """Sign in without waiting for a new code."""
        return people.sign_in(self.world, email=self.email, password=PASSWORD, code=code, door=DOOR)


def token_in(link: str) -> str:
    return link.rsplit("/", 1)[1]


def app_secret(shown: people.Authenticator) -> bytes:
    """Type what the page shows into an app."""
    return base64.b32decode(shown.text.replace(" ", ""))


def enrol(world: World, clock: ManualClock, link: str, email: str = "ann@example.org", name: str = "Ann") -> Person:
    """Walk from a link to an account with password and TOTP."""
    entrance = people.redeem(world, token_in(link), name=name, email=email, door=DOOR)
    session = people.find(world, entrance.secret)
    people.choose_password(world, session, PASSWORD)
    secret = app_secret(people.authenticator(world, session))
    enrolled = people.confirm_totp(world, session, totp.code_at(secret, clock.now()))
    return Person(world, clock, email, secret, enrolled.secret, enrolled.codes)


@contextmanager
def cheap_hashing() -> Iterator[None]:
    """Hash with argon2id's smallest parameters: its strength is not what most tests are about."""
    real = passwords._hasher
    passwords._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._decoy.cache_clear()
    try:
        yield
    finally:
        passwords._hasher = real
        passwords._decoy.cache_clear()


class SoftKey:
    """A passkey in software: enough of WebAuthn (level 3, section 6) to answer honestly, or not."""

    def __init__(self, origin: str = "http://localhost:8080", host: str = "localhost", *, counts: bool = True) -> None:
        self.origin, self.host, self.counts = origin, host, counts
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.counter = 0

    def make(self, options: dict[str, Any], *, verified: bool = True) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(0x41, verified) + credential}
        return self._answer(
            clientDataJSON=self._said("webauthn.create", options), attestationObject=cbor2.dumps(attestation)
        )

    def use(self, options: dict[str, Any], *, verified: bool = True) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.counter += self.counts
        data, said = self._data(0x01, verified), self._said("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=said, authenticatorData=data, signature=signature)

    def _data(self, flags: int, verified: bool) -> bytes:
        flags |= 0x04 if verified else 0
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _said(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, **response: bytes) -> dict[str, Any]:
        encoded = {name: _base64url(value) for name, value in response.items()}
        return {"id": _base64url(self.id), "rawId": _base64url(self.id), "type": "public-key", "response": encoded}


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
