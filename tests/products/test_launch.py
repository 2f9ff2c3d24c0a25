import pytest

from careful.products.launch import launch_tests
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {id: a}\nsoftware: {update: {supported: false}}\ndata: []\n"
UPDATES = {"update-signed-image-only", "update-no-rollback", "update-right-model-only", "update-survives-power-loss"}


def ids(lines: str) -> set[str]:
    return {one.id for one in launch_tests(parse(lines.encode()))}


CASES = [
    pytest.param("", set(), id="nothing declared but no updates and no data"),
    pytest.param(
        "interfaces: [{id: api, reach: internet, debug: false, actuates: [bolt],\n"
        "  auth: {kind: password, preset: unique}}]\n",
        {"api-refuses-strangers", "api-no-common-password", "api-slows-guessing", "api-revoked-cannot-move"},
        id="a password on the internet",
    ),
    pytest.param(
        "interfaces: [{id: api, reach: internet, auth: {kind: key}, debug: false}]\n",
        {"api-refuses-strangers"},
        id="a key",
    ),
    pytest.param("interfaces: [{id: b, reach: physical, auth: {kind: none}, debug: false}]\n", set(), id="a button"),
    pytest.param(
        "interfaces: [{id: x}]\n",
        {"x-refuses-strangers", "x-no-common-password", "x-slows-guessing", "x-debug-locked"},
        id="blank is the harder case",
    ),
    pytest.param("ecosystem: [{id: device, edges: [{to: c, protocol: https}]}]\n", {"edge-device-c-tls"}, id="an edge"),
    pytest.param("ecosystem: [{id: device, edges: [{to: c, protocol: ntp}]}]\n", set(), id="an edge without TLS"),
    pytest.param(
        "ecosystem: [{id: device, edges: [{to: c, protocol: https}, {to: c, protocol: mqtt}]}]\n",
        {"edge-device-c-tls"},
        id="two edges alike",
    ),
    pytest.param("journeys: [{id: resell}]\n", {"journey-resell-walked"}, id="a journey"),
]


@pytest.mark.parametrize(("lines", "wanted"), CASES)
def test_tests_follow_from_what_is_declared(lines: str, wanted: set[str]):
    assert ids(HEAD + lines) == wanted


def test_updates_and_data():
    head = "schema: product/1\nproduct: {id: a}\n"
    assert ids(head) == UPDATES | {"data-only-declared"}
    found = ids(head + "data: [{id: x, personal: false}, {id: y}, {id: z, personal: true, from: app}]\n")
    assert found == UPDATES | {"data-y-erased", "data-z-erased", "data-only-declared"}


def test_each_test_says_why_and_has_an_id_of_its_own(filled: bytes):
    found = launch_tests(parse(filled))
    assert all(one.because and one.says.endswith(".") for one in found)
    assert len({one.id for one in found}) == len(found)
