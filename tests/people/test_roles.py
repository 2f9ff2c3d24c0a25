"""The table of rights, against its checked-in copy and against what each role is for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import people

COPY = Path(__file__).parents[1] / "rules" / "permissions.txt"


def test_the_table_is_the_one_that_was_agreed() -> None:
    assert people.as_text() == COPY.read_text(), "Rights changed: read the difference, then change permissions.txt too."


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        pytest.param("administrator", "staff:invite", True, id="an administrator invites"),
        pytest.param("firmware-engineer", "releases:sign", True, id="a firmware engineer signs"),
        pytest.param("firmware-engineer", "releases:publish", False, id="signing and publishing are two people's acts"),
        pytest.param("firmware-engineer", "products:approve", False, id="nobody approves their own declaration"),
        pytest.param("firmware-engineer", "cases:close", False, id="closing a case is another's word"),
        pytest.param("support", "devices:own", True, id="support notes a device's owner"),
        pytest.param("support", "devices:retire", False, id="support ends no device"),
        pytest.param("support", "cases:judge", False, id="support does not judge"),
        pytest.param("auditor", "evidence:export", True, id="an auditor takes evidence away"),
        pytest.param("nobody", "products:read", False, id="an unknown role"),
        pytest.param("administrator", "products:destroy", False, id="an unknown verb"),
        pytest.param("administrator", "moon:read", False, id="an unknown resource"),
    ],
)
def test_named_rights(role: str, scope: str, may: bool) -> None:
    resource, verb = scope.split(":")
    assert people.allowed([role], resource, verb) is may


def test_an_auditor_changes_nothing() -> None:
    assert {scope.split(":")[1] for scope in people.scopes_of(["auditor"])} == {"read", "export"}


def test_only_an_administrator_touches_staff_and_tokens() -> None:
    for role in set(people.ROLES) - {"administrator"}:
        held = {scope for scope in people.scopes_of([role]) if scope.startswith(("staff:", "tokens:"))}
        # issue: what one may do oneself; countersign: only with somebody else who asks
        assert held <= {"staff:read", "staff:countersign", "tokens:read", "tokens:issue"}


@given(st.sets(st.sampled_from(sorted(people.ROLES))), st.sets(st.sampled_from(sorted(people.ROLES))))
def test_rights_add_up_and_never_cancel(first: set[str], second: set[str]) -> None:
    assert people.scopes_of(first | second) == people.scopes_of(first) | people.scopes_of(second)


def test_no_role_has_a_right_that_does_not_exist() -> None:
    for rights in people.ROLES.values():
        for resource, verbs in rights.items():
            assert verbs <= set(people.VERBS[resource])
