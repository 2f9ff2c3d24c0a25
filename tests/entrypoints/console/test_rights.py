"""Every route of the console with every role, with none, and without a session: as the agreed table says.

`tests/rules/routes.txt` names the right that each route asks for first. A new route that is not in it fails here.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.routing import Route

from careful import people
from careful.entrypoints.console.app import create_app
from careful.entrypoints.console.sessions import csrf_of
from careful.kernel.actors import OPERATOR, SYSTEM
from careful.kernel.work import World
from careful.people import store

AGREED = Path(__file__).parents[2] / "rules" / "routes.txt"
ALSO = {("GET", "/settings/tokens"): ("tokens:read",)}
"""Pages that a second right opens as well: for whoever may see all tokens, and make none."""
OPEN = ("/sign-in", "/first/", "/enrol", "/prove")
"""The way in; /signout ends the session that walks."""


@pytest.fixture
def app(world: World) -> Starlette:
    """The console without limits by the minute: one walk is many requests."""
    free = world.settings.model_copy(update={"rate_change": 0, "rate_page": 0})
    return create_app(replace(world, settings=free))


def walked(app: Starlette) -> list[tuple[str, str]]:
    pairs = [(method, route.path) for route in app.routes if isinstance(route, Route) for method in route.methods or ()]
    return sorted((m, p) for m, p in pairs if m != "HEAD" and not p.startswith(OPEN) and p != "/signout")


def ask(client: Any, method: str, path: str, csrf: str = "") -> Any:
    filled = re.sub(r"\{[^}]*\}", "x", path).replace("/rollouts/x/x", "/rollouts/x/halt")
    headers = {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin", "x-csrf-token": csrf}
    return client.request(method, filled, headers=headers)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_route_is_open_to_whom_the_table_says(app: Starlette, browser: Any, secret: bytes, stranger: Any) -> None:
    world = browser.world
    stranger.enrol(people.invite(world, OPERATOR, ("support",)), "bob@example.org", "Bob")
    bob = people.account_of(world, "bob@example.org").id

    def as_(*roles: str) -> None:
        with world.change(SYSTEM) as work:
            work.connection.execute(update(store.accounts).where(store.accounts.c.id == bob).values(roles=list(roles)))

    routes, rights = walked(app), {}
    as_()
    for method, path in routes:
        answer = ask(stranger.client, method, path, csrf_of(world, stranger.cookie))
        said = re.search(r"do not include ([a-z-]+:[a-z-]+)", answer.text)
        rights[method, path] = said[1] if said and answer.status_code == 403 else "signed-in"
    lines = [f"{method} {path} {right}" for (method, path), right in rights.items()]
    assert lines == AGREED.read_text().splitlines(), f"A route or its right is new: agree on it in {AGREED.name}"
    wrong = []
    for role in people.ROLES:
        as_(role)
        for (method, path), right in rights.items():
            enough = (right, *ALSO.get((method, path), ()))
            may = right == "signed-in" or any(people.allowed([role], *one.split(":")) for one in enough)
            answer = ask(stranger.client, method, path, csrf_of(world, stranger.cookie))
            # another 403 may come from deeper: somebody else's break-glass, for one
            if (answer.status_code == 403 and "do not include" in answer.text) is may:
                wrong.append((role, method, path, right))
    assert wrong == []
    stranger.client.cookies.clear()
    for method, path in routes:
        answer = ask(stranger.client, method, path)
        assert answer.status_code in {303, 401, 403}, (method, path)
        assert answer.status_code != 303 or "/sign-in" in answer.headers["location"], (method, path)
