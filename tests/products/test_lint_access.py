import pytest

from careful.products.lint_access import look_at_access
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {{id: a, category: {}}}\n"
NET = "id: api, reach: internet, monitor: log"
CASES = [
    pytest.param("camera", f"interfaces: [{{{NET}, auth: {{kind: key, preset: unique}}}}]", set(), id="in order"),
    pytest.param("camera", "interfaces: []", set(), id="no way in"),
    pytest.param("other", "interfaces: [{id: a, auth: {preset: shared}}]", {"shared-password"}, id="one for all"),
    pytest.param(
        "other", f"interfaces: [{{{NET}, auth: {{kind: none}}}}]", {"open-interface"}, id="open to the internet"
    ),
    pytest.param(
        "other", "interfaces: [{id: a, reach: lan, auth: {kind: none}}]", {"open-interface"}, id="open at home"
    ),
    pytest.param("other", "interfaces: [{id: a, reach: physical, auth: {kind: none}}]", set(), id="a button"),
    pytest.param(
        "camera",
        f"hardware: {{camera: true}}\ninterfaces: [{{{NET}, auth: {{kind: account, mfa: none}}}}]",
        {"watching-without-second-factor"},
        id="camera behind a password",
    ),
    pytest.param(
        "sensor",
        f"hardware: {{microphone: true}}\ninterfaces: [{{{NET}, auth: {{kind: password, mfa: none}}}}]",
        {"watching-without-second-factor"},
        id="microphone",
    ),
    pytest.param(
        "lock",
        f"interfaces: [{{{NET}, auth: {{kind: account, mfa: none}}}}]",
        {"watching-without-second-factor"},
        id="lock",
    ),
    pytest.param(
        "sensor",
        "data: [{id: l, class: location, personal: true}]\n"
        f"interfaces: [{{{NET}, auth: {{kind: account, mfa: none}}}}]",
        {"watching-without-second-factor"},
        id="location data",
    ),
    pytest.param(
        "sensor", f"interfaces: [{{{NET}, auth: {{kind: account, mfa: none}}}}]", set(), id="nothing intimate"
    ),
    pytest.param("lock", f"interfaces: [{{{NET}, auth: {{kind: account, mfa: offered}}}}]", set(), id="offered"),
    pytest.param("lock", f"interfaces: [{{{NET}, auth: {{kind: account}}}}]", set(), id="blank is unknown"),
    pytest.param(
        "lock", "interfaces: [{id: a, reach: near, auth: {kind: password, mfa: none}}]", set(), id="from near"
    ),
    pytest.param(
        "other", "interfaces: [{id: a, auth: {kind: password, lockout: false}}]", {"endless-guessing"}, id="guessing"
    ),
    pytest.param("other", "interfaces: [{id: a, kind: telnet}]", {"clear-text-service"}, id="telnet"),
    pytest.param(
        "other", "interfaces: [{id: a, debug: true, locked_in_production: false}]", {"open-debug"}, id="debug"
    ),
    pytest.param("other", "interfaces: [{id: a, debug: true, locked_in_production: true}]", set(), id="locked"),
    pytest.param("other", f"interfaces: [{{{NET}, transport: {{tls: '1.1'}}}}]", {"weak-transport"}, id="old TLS"),
    pytest.param("other", f"interfaces: [{{{NET}, transport: {{tls: none}}}}]", {"weak-transport"}, id="no TLS"),
    pytest.param("other", "interfaces: [{id: a, reach: lan, transport: {tls: none}}]", set(), id="no TLS at home"),
    pytest.param("other", "interfaces: [{id: a, reach: internet}]", {"unmonitored-interface"}, id="nobody watches"),
    pytest.param("other", "software: {update: {signed: none}}", {"unsigned-update"}, id="unsigned"),
    pytest.param("other", "software: {update: {signed: shared_key}}", {"unsigned-update"}, id="shared key"),
    pytest.param("other", "software: {update: {supported: false, signed: none}}", set(), id="no updates at all"),
    pytest.param("other", "software: {update: {anti_rollback: false}}", {"rollback-allowed"}, id="rollback"),
    pytest.param("other", "software: {os: x}", set(), id="update blank"),
    pytest.param(
        "other",
        "environments: [{id: live, hosts: [a.example]}, {id: test, hosts: [b.example, a.example]}]",
        {"host-live-and-test"},
        id="live and test mixed",
    ),
]


@pytest.mark.parametrize(("category", "lines", "rules"), CASES)
def test_what_is_said_about_ways_in(category: str, lines: str, rules: set[str]):
    declaration = parse((HEAD.format(category) + lines + "\n").encode())
    assert {hit.rule for hit in look_at_access(declaration)} == rules


def test_a_shared_password_cites_the_law():
    declaration = parse((HEAD.format("lock") + "interfaces: [{id: a, auth: {preset: shared}}]\n").encode())
    (hit,) = look_at_access(declaration)
    assert "1798.91.04(b)" in hit.says
    assert "SI 2023/1007" in hit.says


def test_remote_access_counts_as_the_internet():
    text = HEAD.format("camera") + (
        "connectivity: {remote_access: true}\nhardware: {camera: true}\n"
        f"interfaces: [{{{NET}, auth: {{kind: account, mfa: none}}}}]\n"
    )
    (hit,) = look_at_access(parse(text.encode()))
    assert "a camera" in hit.says
