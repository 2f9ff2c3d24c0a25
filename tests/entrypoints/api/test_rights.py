"""Every operation of the API with a token of every role: open exactly where the table of rights says."""

import re
from typing import Any

import persons
import pytest

from careful import people, suppliers
from careful.entrypoints.api.app import ROUTERS, scope_of
from careful.kernel.actors import OPERATOR, Actor

ROUTES = [(m, r.path, scope_of(r)) for router in ROUTERS for r in router.routes for m in sorted(r.methods)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_operation_is_open_to_whom_the_table_says(world: Any, clock: Any, caller: Any) -> None:
    with persons.cheap_hashing():
        first = persons.enrol(world, clock, people.first_link(world))
        ann = Actor(
            "staff", persons.enrol(world, clock, people.invite(world, OPERATOR, ("support",)), "b@x.org", "Bob").id
        )
    assert first.id != ann.id
    suppliers.record(world, OPERATOR, "acme", name="Acme")
    suppliers.bind(world, OPERATOR, ann.id, "acme")  # who answers for no supplier is refused for another reason
    client, wrong = caller(), []
    for role in people.ROLES:
        people.change_roles(world, OPERATOR, ann.id, (role,))
        token = people.issue_token(world, ann, role, people.scopes_of([role]), 1)
        bearer = {"authorization": f"Bearer {token}"}
        for method, path, scope in ROUTES:
            answer = client.request(method, re.sub(r"\{[^}]*\}", "x", path), headers=bearer)
            may = people.allowed([role], *scope.split(":"))
            if (answer.status_code in {401, 403}) is may and path != "/approvals/{approval}/approve":
                wrong.append((role, method, path, scope, answer.status_code))
    assert wrong == []
