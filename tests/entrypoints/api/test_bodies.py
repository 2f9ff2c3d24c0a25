"""Bodies hold known fields only, at every endpoint that takes one."""

from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from careful.entrypoints.api import app, problems

TAKING = {
    f"{method} {route.path}": route
    for router in app.ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.body_field is not None
    for method in route.methods or ()
}


@pytest.mark.parametrize("endpoint", sorted(TAKING))
def test_every_body_has_known_fields_only(endpoint: str) -> None:
    route = TAKING[endpoint]
    taken = {param.name for param in route.dependant.body_params}
    (held,) = {known for need in route.dependant.dependencies if (known := getattr(need.call, "known", None))} or {None}
    if held is not None:
        assert held == taken, "a form: each field, and no other"
        return
    (param,) = route.dependant.body_params
    kind: Any = param.field_info.annotation
    if kind is not bytes:  # a product file, which is checked as such
        assert issubclass(kind, BaseModel)
        assert kind.model_config.get("extra") == "forbid"


@pytest.mark.parametrize(
    ("path", "sent", "unknown"),
    [
        pytest.param(
            "/rollouts",
            {"json": {"product": "cam-1", "version": "1.0.1", "dedline_minutes": 5}},
            "dedline_minutes",
            id="JSON",
        ),
        pytest.param("/devices/cam-1-001/quarantine", {"json": {"reason": "r", "until": "x"}}, "until", id="a reason"),
        pytest.param("/feeds", {"files": {"feed": ("a.json", b"{}")}, "data": {"kid": "osv"}}, "kid", id="a form"),
        pytest.param(
            "/releases",
            {
                "files": {"image": ("a.bin", b"x"), "sbom": ("s.json", b"{}")},
                "data": {"product": "cam-1", "version": "1", "hardware": "rev-a", "note": "n"},
            },
            "note",
            id="a form with files",
        ),
    ],
)
def test_an_unknown_field_is_refused_by_name(api: TestClient, path: str, sent: dict[str, Any], unknown: str) -> None:
    answer = api.post(path, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (400, problems.MEDIA_TYPE)
    (told,) = answer.json()["problems"]
    assert (told["where"], told["found"]) == (f"body.{unknown}", unknown)
    assert told["do"]


def test_a_long_unknown_name_is_cut(api: TestClient) -> None:
    answer = api.post("/feeds", files={"feed": ("a.json", b"{}")}, data={"x" * 1000: "1"})
    assert len(answer.json()["problems"][0]["where"]) < 100
