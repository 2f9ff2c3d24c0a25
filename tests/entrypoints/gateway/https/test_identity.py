"""Who asks, as a route is told: by certificate, by target token where the address names the device, or not at all."""

import types
from typing import Any

import pytest
from starlette.requests import Request

from careful import devices
from careful.entrypoints.gateway.https.identity import certificate_of, peer, source_of
from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden, Unauthenticated
from careful.kernel.work import World


@pytest.fixture
def ask(world: World) -> Any:
    """Make a request as the server would, from its parts."""

    def make(certificate: bytes | None = None, authorization: str = "", host: str = "192.0.2.1") -> Request:
        return Request(
            {
                "type": "http",
                "method": "GET",
                "path": "/",
                "headers": [(b"authorization", authorization.encode())] if authorization else [],
                "client": (host, 1),
                "extensions": {"tls": {"client_cert_der": certificate}},
                "app": types.SimpleNamespace(state=types.SimpleNamespace(world=world)),
            }
        )

    return make


def test_a_certificate_names_the_device(ask: Any, enrolled: bytes) -> None:
    assert peer(ask(enrolled)).device == "cam-1-001"
    assert peer(ask(enrolled), "cam-1-002").device == "cam-1-001"  # the address never overrules the certificate


def test_a_target_token_names_it_where_the_address_does(ask: Any, world: World, staff: Actor, token: str) -> None:
    target = devices.set_target_token(world, staff, "cam-1-001")
    assert peer(ask(None, f"TargetToken {target}"), "cam-1-001").device == "cam-1-001"
    for request, device in (
        (ask(None, f"TargetToken {target}"), None),
        (ask(None, f"TargetToken {target}"), "cam-1-002"),
        (ask(None, f"Bearer {target}"), "cam-1-001"),
        (ask(None, f"GatewayToken {target}"), "cam-1-001"),
        (ask(None), "cam-1-001"),
    ):
        with pytest.raises(Unauthenticated):
            peer(request, device)


def test_a_bad_certificate_is_not_mended_by_a_good_token(ask: Any, world: World, staff: Actor, enrolled: bytes) -> None:
    target = devices.set_target_token(world, staff, "cam-1-001")
    devices.quarantine(world, staff, "cam-1-001", "odd")
    with pytest.raises(Forbidden):
        peer(ask(enrolled, f"TargetToken {target}"), "cam-1-001")


def test_without_tls_nobody_has_a_certificate() -> None:
    assert certificate_of(Request({"type": "http", "headers": []})) is None


@pytest.mark.parametrize(
    ("host", "source"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", id="IPv4"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", id="IPv4 in IPv6"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", id="IPv6 by network"),
        pytest.param("unix", "unknown", id="no address"),
    ],
)
def test_a_source_is_one_host(ask: Any, host: str, source: str) -> None:
    assert source_of(ask(host=host)) == source
