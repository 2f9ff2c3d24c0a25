"""Make-believe staff for tests: people with an authenticator app, who come in by a one-time link like anybody."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import argon2

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
