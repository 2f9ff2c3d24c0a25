"""Schemathesis over every operation of the API, as it is served, with a token of every role and with none.

Nothing answers 5xx, and each answer has a status, type and body that the description names. Every operation is
tried with every role; `CAREFUL_SCHEMATHESIS_SECONDS=600` goes on searching for so long.
"""

import os
import time
from typing import Any

import pytest
import requests
import schemathesis
from hostile_house import House
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from careful import people
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SECONDS = float(os.environ.get("CAREFUL_SCHEMATHESIS_SECONDS", "0"))
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)


def callers(house: House) -> dict[str, str]:
    """Return the Authorization header of somebody of each role, and of nobody."""
    found = {"nobody": "", "a token of ours that is none": "Bearer careful_0"}
    for role in people.ROLES:
        scopes = people.scopes_of((role,))
        if scopes:
            found[role] = f"Bearer {people.issue_token(house.world, OPERATOR, role, scopes, 1)}"
    return found


def test_every_operation_with_every_role(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = schemathesis.openapi.from_url(f"{house.console}/api/v1/openapi.json")
    operations = [one.ok() for one in schema.get_all_operations()]
    who = callers(house)
    session = requests.Session()
    tried: dict[str, set[int]] = {}
    until = time.monotonic() + SECONDS

    def attack(operation: Any, number: int, *, roles: dict[str, str]) -> None:
        @settings(
            max_examples=number, derandomize=number == 1, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            for role, bearer in roles.items():
                headers = {"Authorization": bearer} if bearer else {}
                answer = case.call(headers=headers, session=session, timeout=30)
                case.validate_response(answer, checks=CHECKS, headers=headers)
                tried.setdefault(operation.label, set()).add(answer.status_code)
                if role in {"nobody", "a token of ours that is none"}:
                    assert answer.status_code in {401, 400, 404, 405}, (operation.label, role, answer.status_code)

        send()

    for operation in operations:
        attack(operation, 1, roles=who)
    strongest = {"administrator": who["administrator"]}
    while time.monotonic() < until:
        for operation in operations:
            if time.monotonic() < until:
                attack(operation, 3, roles=strongest)
    assert len(tried) == len(operations)
    assert len(operations) > 80
    assert any(200 in statuses for statuses in tried.values())
    assert people.anyone(house.world)
