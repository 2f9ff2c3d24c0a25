"""The application as a whole: what it offers, and what it says about anything else."""

from typing import Any

import pytest
from starlette.routing import Match

from careful.entrypoints.gateway.https import app
from careful.kernel.work import World

# What is routed where is the same on either database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        pytest.param("/", (), 404, id="root"),
        pytest.param("/.well-known/est/cacerts/", (), 404, id="no redirects for devices"),
        pytest.param("/.well-known/est/simpleenroll", (), 405, id="wrong method"),
        pytest.param("/.well-known/est/a/b/cacerts", (), 404, id="too deep"),
        pytest.param("/.well-known/est/serverkeygen", ("-X", "POST"), 404, id="not offered"),
        pytest.param("/%00", (), 404, id="zero byte"),
    ],
)
def test_what_is_not_offered_is_refused_in_text(client: Any, path: str, options: tuple[str, ...], status: int) -> None:
    answer = client.get(path, *options)
    assert answer.status == status
    assert "text/plain" in answer.headers
    assert "server:" not in answer.headers.lower()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/.well-known/est/cacerts", 200, id="EST"),
        pytest.param("/default/controller/v1/cam-1-001", 401, id="DDI, without a certificate"),
        pytest.param("/tuf/cam-1/metadata/9.root.json", 404, id="TUF, not that many roots"),
        pytest.param("/crl", 200, id="revocation list"),
    ],
)
def test_every_feature_is_served(client: Any, path: str, status: int) -> None:
    assert client.get(path).status == status


@pytest.mark.parametrize(
    ("address", "form"),
    [
        pytest.param("/default/controller/v1/cam-1-001", "/{tenant}/controller/v1/{device}", id="a poll"),
        pytest.param("/.well-known/est/cam-1/cacerts", "/.well-known/est/{label}/cacerts", id="EST"),
        pytest.param("/tuf/controller/metadata/v1.json", "/tuf/{product}/metadata/{name}", id="TUF"),
    ],
)
def test_polls_are_matched_first_and_take_no_others_address(world: World, address: str, form: str) -> None:
    routes = app.create_app(world).routes
    scope = {"type": "http", "path": address, "method": "GET", "root_path": ""}
    matched = [route for route in routes if route.matches(scope)[0] is Match.FULL]
    assert getattr(matched[0], "path", "") == form
    assert getattr(routes[0], "path", "") == "/{tenant}/controller/v1/{device}"


def test_the_configuration_trusts_no_proxy_and_names_no_server(world: World) -> None:
    config = app.server_config(world)
    assert config.proxy_headers is False
    assert config.server_header is False
    assert config.limit_concurrency
