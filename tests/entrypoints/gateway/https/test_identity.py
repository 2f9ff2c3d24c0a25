"""Who asks, as a route is told: by certificate, by target token where the address names the device, or not at all."""

import base64
import hashlib
import types
from typing import Any

import pytest
from starlette.requests import Request

from careful import devices
from careful.entrypoints.gateway.https.identity import certificate_of, peer, shown, source_of
from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden, Unauthenticated
from careful.kernel.work import World


@pytest.fixture
def ask(world: World) -> Any:
    """Make a request as the server would, from its parts."""

    def make(
        certificate: bytes | None = None, authorization: str = "", host: str = "192.0.2.1", **more: str | list[str]
    ) -> Request:
        given = {"authorization": authorization} if authorization else {}
        named = [(name.replace("_", "-"), value) for name, value in {**given, **more}.items()]
        listed = [(name, one) for name, value in named for one in ([value] if isinstance(value, str) else value)]
        return Request(
            {
                "type": "http",
                "method": "GET",
                "path": "/",
                "headers": [(name.encode(), value.encode()) for name, value in listed],
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


PROXY = "10.9.0.7"


@pytest.fixture
def behind(world: World) -> World:
    """An installation whose operator has named a proxy."""
    object.__setattr__(world, "settings", world.settings.model_copy(update={"device_proxies": ("10.9.0.0/24",)}))
    return world


def client_cert(der: bytes) -> str:
    return f":{base64.b64encode(der).decode()}:"


def authority(world: World) -> str:
    return hashlib.sha256(devices.authority_chain(world)[0]).hexdigest()


def test_a_proxy_that_nobody_named_proves_nothing(ask: Any, world: World, enrolled: bytes) -> None:
    told = {"x_controller_id": "cam-1-001", "x_authority": authority(world), "client_cert": client_cert(enrolled)}
    for host in (PROXY, "127.0.0.1", "testclient"):
        assert certificate_of(ask(host=host, **told)) is None
        with pytest.raises(Unauthenticated):
            peer(ask(host=host, **told), "cam-1-001")


def test_a_named_proxy_hands_on_the_certificate(ask: Any, behind: World, enrolled: bytes) -> None:
    told = client_cert(enrolled)
    assert peer(ask(host=PROXY, client_cert=told)).device == "cam-1-001"
    assert peer(ask(host="::ffff:10.9.0.7", client_cert=told)).device == "cam-1-001"
    for wrong in ("", enrolled.hex(), told[1:], told.replace(":", "::"), ":" + "A" * 101 + ":", [told, told]):
        assert certificate_of(ask(host=PROXY, client_cert=wrong)) is None
    assert certificate_of(ask(host="10.9.1.7", client_cert=told)) is None
    other = client_cert(devices.authority_chain(behind)[0])
    with pytest.raises(Unauthenticated):  # a genuine certificate of ours, but no device's
        peer(ask(host=PROXY, client_cert=other))
    assert certificate_of(ask(enrolled, host=PROXY, client_cert=other)) == enrolled  # our own TLS comes first


def test_a_named_proxy_vouches_as_for_hawkbit(ask: Any, behind: World, staff: Actor, enrolled: bytes) -> None:
    ours = authority(behind)
    colons = ":".join(ours[place : place + 2] for place in range(0, 64, 2)).upper()
    for named in ({"x_authority": ours}, {"x_authority": f"{'0' * 64}, {colons}"}, {"x_authority_2": ours}):
        assert peer(ask(host=PROXY, x_controller_id="cam-1-001", **named), "cam-1-001").device == "cam-1-001"
    for wrong in (
        {"x_controller_id": "cam-1-001"},
        {"x_controller_id": "cam-1-001", "x_authority": "0" * 64},
        {"x_controller_id": "cam-1-009", "x_authority": ours},
        {"x_controller_id": ["cam-1-001", "cam-1-001"], "x_authority": ours},  # one of them is the device's own
        {"x_authority": ours},
    ):
        with pytest.raises(Unauthenticated):
            peer(ask(host=PROXY, **wrong), "cam-1-001")
    # who it is is the proxy's word; that it is not the device of the address, the route finds
    assert peer(ask(host=PROXY, x_controller_id="cam-1-001", x_authority=ours), "cam-1-002").device == "cam-1-001"
    told = ask(host=PROXY, x_controller_id="cam-1-001", x_authority=ours)
    devices.quarantine(behind, staff, "cam-1-001", "odd")
    with pytest.raises(Forbidden):
        peer(told, "cam-1-001")
    devices.restore(behind, staff, "cam-1-001", "well again")
    devices.revoke(behind, staff, "cam-1-001", "its key was stolen")
    with pytest.raises(Unauthenticated, match="no certificate"):  # whatever the proxy still lets through
        peer(told, "cam-1-001")


def test_what_is_remembered_goes_by_all_that_was_shown(ask: Any, behind: World, enrolled: bytes) -> None:
    ours = authority(behind)
    kinds = [
        ask(enrolled),
        ask(None, "TargetToken a"),
        ask(None, "TargetToken b"),
        ask(host=PROXY, x_controller_id="cam-1-001", x_authority=ours),
        ask(host=PROXY, x_controller_id="cam-1-001", x_authority="0" * 64),
        ask(host=PROXY, x_controller_id="cam-1-002", x_authority=ours),
        ask(host="192.0.2.1", x_controller_id="cam-1-001", x_authority=ours),
    ]
    assert len({shown(one, "cam-1-001") for one in kinds}) == len(kinds)
    assert shown(kinds[1], "cam-1-001") != shown(kinds[1], "cam-1-002")


def test_a_gateway_token_speaks_for_the_device_of_the_address(ask: Any, world: World, staff: Actor, token: str) -> None:
    _, text = devices.make_gateway_token(world, staff, "shop floor")
    assert peer(ask(None, f"gatewaytoken {text}"), "cam-1-001").device == "cam-1-001"
    with pytest.raises(Unauthenticated):
        peer(ask(None, f"GatewayToken {text}"))
