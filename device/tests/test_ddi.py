import contextlib
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful_device import ddi, seen
from careful_device.errors import AgentError

BASE = "https://h:8444/default/controller/v1/d"
ORDER = {
    "id": "7",
    "deployment": {
        "download": "forced",
        "update": "forced",
        "chunks": [
            {
                "part": "os",
                "version": "1.1",
                "name": "n",
                "artifacts": [
                    {
                        "filename": "f.tar.gz",
                        "hashes": {"sha1": "x", "sha256": "y"},
                        "size": 5,
                        "_links": {"download": {"href": "https://cdn/f"}, "download-http": {"href": "http://cdn/f"}},
                    }
                ],
            }
        ],
    },
}


def bent(*path, to):
    order = copy.deepcopy(ORDER)
    at = order
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = to
    return order


ARTIFACT = ("deployment", "chunks", 0, "artifacts", 0)


def test_a_poll_with_everything():
    links = {
        "deploymentBase": {"href": f"{BASE}/deploymentBase/7?c=-2"},
        "cancelAction": {"href": f"{BASE}/cancelAction/6"},
        "confirmationBase": {"href": f"{BASE}/confirmationBase/5?c=3"},
        "configData": {"href": f"{BASE}/configData"},
    }
    found = ddi.read_poll({"config": {"polling": {"sleep": "01:02:03"}}, "_links": links, "more": 1}, BASE)
    assert found == seen.Polled(
        sleep=3723.0,
        order=("7", f"{BASE}/deploymentBase/7?c=-2"),
        cancel=("6", f"{BASE}/cancelAction/6"),
        confirm=("5", f"{BASE}/confirmationBase/5?c=3"),
        describe=True,
    )


@pytest.mark.parametrize("sleep", ["", "5", "00:99:00", "1:00:00", None])
def test_an_unreadable_sleep_is_five_minutes(sleep):
    assert ddi.read_poll({"config": {"polling": {"sleep": sleep}}}, BASE).sleep == 300.0


@pytest.mark.parametrize(
    "href",
    [
        pytest.param("https://evil/default/controller/v1/d/deploymentBase/7", id="another server"),
        pytest.param("http://h:8444/default/controller/v1/d/deploymentBase/7", id="no TLS"),
        pytest.param(f"{BASE}/deploymentBase/x", id="no number"),
        pytest.param(f"{BASE}/elsewhere/7", id="another resource"),
    ],
)
def test_links_that_lead_elsewhere_are_not_followed(href):
    with pytest.raises(AgentError, match="leads elsewhere"):
        ddi.read_poll({"_links": {"deploymentBase": {"href": href}}}, BASE)


def test_an_order_is_read():
    found = ddi.read_order(ORDER, "7", "h")
    assert (found.target_path, found.download, found.size, found.sha256) == ("1.1/f.tar.gz", "https://cdn/f", 5, "y")
    assert found.install


def test_metadata_names_the_target_and_the_product():
    metadata = [{"key": "tuf-target-path", "value": "os/1.1"}, {"key": "product", "value": "cam-1"}, "odd"]
    found = ddi.read_order(bent("deployment", "chunks", 0, "metadata", to=metadata), "7", "h")
    assert (found.target_path, found.product) == ("os/1.1", "cam-1")


def test_a_closed_window_is_seen():
    assert not ddi.read_order(bent("deployment", "update", to="skip"), "7", "h").install


@pytest.mark.parametrize(
    "order",
    [
        pytest.param({}, id="empty"),
        pytest.param(bent("deployment", "chunks", to=[]), id="no chunk"),
        pytest.param(bent("deployment", "chunks", to=ORDER["deployment"]["chunks"] * 2), id="two chunks"),
        pytest.param(bent("deployment", "chunks", 0, "artifacts", to=[]), id="no artifact"),
        pytest.param(bent(*ARTIFACT, "size", to="5"), id="a size that is no number"),
        pytest.param(bent(*ARTIFACT, "size", to=-1), id="a negative size"),
        pytest.param(bent(*ARTIFACT, "_links", to={}), id="no download"),
        pytest.param(bent(*ARTIFACT, "_links", to={"download": {"href": "http://x/"}}), id="a download without TLS"),
        pytest.param(bent(*ARTIFACT, "_links", to={"download": {"href": "https://[x/"}}), id="a broken address"),
        pytest.param(bent(*ARTIFACT, "filename", to="x" * 200), id="an endless name"),
    ],
)
def test_orders_that_are_none(order):
    with pytest.raises(AgentError):
        ddi.read_order(order, "7", "h")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["_links", "config", "deployment", "chunks", "artifacts", "x"]), inner, max_size=4
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_whatever_comes_is_read_or_refused(plain):
    for read in (lambda: ddi.read_poll(ddi._table(plain), BASE), lambda: ddi.read_order(ddi._table(plain), "7", "h")):
        with contextlib.suppress(AgentError):
            read()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000])
def test_what_is_no_json(body):
    with pytest.raises(AgentError, match="not JSON"):
        ddi._json(body)


def test_attributes_and_feedback_reach_the_server(device, maker):
    device.settle()
    api = device.agent.updater.ddi
    assert api.tell("7", "proceeding", "none", "x" * 900) is False
    assert maker.told == [("7", "proceeding", "none", "x" * 500)]
    api.describe({"note": "y" * 300})
    assert maker.described[-1] == {"note": "y" * 128}
