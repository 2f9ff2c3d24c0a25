"""What belongs to somebody else: others' ids in every route, rights asked for directly, tokens beyond their scopes."""

import re

import httpx
import persons
import pytest
from fastapi.routing import APIRoute
from hostile_house import House, crawl, read
from starlette.routing import Route
from village import FLEET

from careful import people
from careful.entrypoints.api.app import ROUTERS, scope_of
from careful.entrypoints.console.app import create_app
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR

OWN = ("/settings/sessions", "/settings/pass", "/settings/codes", "/signout", "/prove", "/enrol")
"""What everybody may do with what is their own."""
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def hired(house: House, role: str) -> persons.Person:
    """Return somebody new with this role."""
    link = people.invite(house.world, people.actor_of(house.ann.session), (role,))
    return persons.enrol(house.world, house.clock, link, email=f"{role}@example.org", name=role)


def test_an_id_opens_nothing_of_somebody_else(house: House) -> None:
    """One's sessions and tokens are named in every route by another, who is no administrator."""
    ben = hired(house, "support")
    theirs = [one.id for one in people.sessions_of(house.world, house.ann.id)]
    house.token("products:read")
    tokens = [one.id for one in people.list_tokens(house.world)]
    ids = [*theirs, *tokens, house.ann.id]
    with house.browser(ben) as client:
        page = client.get("/settings").text
        assert not [one for one in ids if one in page]
        token = re.search(r'name="csrf" value="([0-9a-f]*)"', page)
        assert token
        headers = {"origin": house.console, "sec-fetch-site": "same-origin"}
        for route in create_app(house.world).routes:
            if not isinstance(route, Route) or not route.path.startswith("/settings") or "{" not in route.path:
                continue
            for one in ids:
                path = re.sub(r"\{[^}]*\}", one, route.path)
                for method in (route.methods or set()) - {"HEAD"}:
                    answer = client.request(method, path, data={"csrf": token[1]}, headers=headers)
                    assert answer.status_code in {400, 403, 404, 303}, (method, path, answer.status_code)
    assert [one.id for one in people.sessions_of(house.world, house.ann.id)] == theirs
    assert all(one.revoked_at is None for one in people.list_tokens(house.world))
    assert "administrator" in people.account_of(house.world, house.ann.email).roles


def test_no_right_is_gained_by_asking_directly(house: House) -> None:
    """An auditor sends every form of every page that an administrator sees: all are refused, and nothing changes."""
    eve = hired(house, "auditor")
    with house.browser(house.ann) as client:
        pages = crawl(client, "/", "/settings", most=1)
    sites = {
        form["action"] or page.url.path
        for page in pages.values()
        for form in read(page.text).forms
        if form["method"] == "post"
    }
    size = _ledger_size(house)
    refused = 0
    with house.browser(eve) as client:
        token = re.search(r'name="csrf" value="([0-9a-f]*)"', client.get("/settings").text)
        assert token
        headers = {"origin": house.console, "sec-fetch-site": "same-origin"}
        for path in sorted(sites):
            if path.startswith(
                ("/settings/sessions", "/settings/pass", "/settings/codes", "/signout", "/prove", "/enrol")
            ):
                continue  # one's own
            answer = client.post(path, data={"csrf": token[1], "reason": "because", "name": "x"}, headers=headers)
            assert answer.status_code in {403, 404, 405}, (path, answer.status_code, answer.text[:200])
            refused += answer.status_code == 403
    assert refused > 10
    assert _ledger_size(house) == size


def test_a_token_never_goes_beyond_its_scopes_nor_its_issuer(house: House) -> None:
    """Every operation, with a token that holds every scope but its own, on things that exist."""
    every = people.all_scopes()
    with httpx.Client(base_url=f"{house.console}/api/v1") as client:
        held: dict[str, str] = {}
        tried = 0
        for router in ROUTERS:
            for route in router.routes:
                if not isinstance(route, APIRoute) or not _guarded(route):
                    continue
                scope = scope_of(route)
                if scope not in held:
                    held[scope] = people.issue_token(house.world, OPERATOR, "all but one", every - {scope}, 1)
                path = re.sub(r"\{[^}]*\}", FLEET[0], route.path)
                for method in sorted(route.methods or ()):
                    answer = client.request(method, path, headers={"authorization": f"Bearer {held[scope]}"})
                    assert answer.status_code == 403, (method, path, answer.status_code)
                    tried += 1
        assert tried > 80


def _guarded(route: APIRoute) -> bool:
    try:
        scope_of(route)
    except ValueError:
        return False
    return True


def _ledger_size(house: House) -> int:
    with house.world.look() as connection:
        return len([one for one in ledger.read(connection) if not one.name.startswith("people.")])
