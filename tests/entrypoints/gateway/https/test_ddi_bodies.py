import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import updates
from careful.entrypoints.gateway.https import ddi_bodies as bodies
from careful.kernel.errors import CarefulError, Invalid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "00:00:01"), (30, "00:00:30"), (300, "00:05:00"), (86_399, "23:59:59"), (90_000, "23:59:59"), (0, "00:00:01")],
)
def test_sleep_is_exactly_hours_minutes_seconds(seconds, text):
    assert bodies.sleep(seconds) == text


NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@given(
    st.builds(
        updates.Poll,
        device=st.just("d"),
        action=st.none() | st.integers(1, 2**31 - 1),
        cancelling=st.booleans(),
        asking=st.booleans(),
        forced_from=st.none() | st.just(NOW) | st.just(NOW + timedelta(hours=1)),
        window=st.sampled_from(["", "08:00-10:00", "10:00-12:00"]),
        installed=st.none() | st.integers(1, 2**31 - 1),
        wants_attributes=st.booleans(),
        change=st.integers(0, 2**40),
    )
)
def test_a_poll_names_at_most_one_thing_to_do(told):
    links = json.loads(bodies.poll_body("https://h/default/controller/v1/d", told, "00:05:00", NOW))["_links"]
    to_do = {"deploymentBase", "cancelAction", "confirmationBase"} & set(links)
    held = told.window == "10:00-12:00" and not told.cancelling
    assert len(to_do) == (told.action is not None and not held)
    assert "confirmationBase" not in links or told.asking
    assert "deploymentBase" not in links or not told.asking
    assert ("cancelAction" in links) == (told.action is not None and told.cancelling)
    assert ("configData" in links) == told.wants_attributes
    assert ("installedBase" in links) == (told.installed is not None)
    # Zephyr: `deploymentBase…` has at most 49 characters
    assert all(len(link["href"].rpartition("/v1/d/")[2]) <= 49 for link in links.values())


@given(JSON.filter(lambda value: isinstance(value, dict)))
def test_no_object_breaks_the_reader(plain):
    for read in (
        bodies.read_report,
        bodies.read_attributes,
        bodies.read_installed,
        bodies.read_consent,
        bodies.read_initiator,
    ):
        with contextlib.suppress(CarefulError):
            read(plain)


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"id": 7, "time": "20261122T203340"}, id="SWUpdate's old fields"),
        pytest.param({"id": "7", "timestamp": 1627997501890}, id="hawkBit's own"),
        pytest.param({"more": {"than": ["needed"]}}, id="something else"),
    ],
)
def test_what_is_not_needed_is_ignored(extra):
    status = {"execution": "closed", "result": {"finished": "success", "progress": {"cnt": 1, "of": 1}}, "code": 200}
    report = bodies.read_report({**extra, "status": {**status, "details": "one line"}})
    assert report == updates.Report(execution="closed", finished="success", details=("one line",), code=200)


def test_long_and_odd_texts_are_cut_and_cleaned():
    status = {"execution": "closed", "result": {"finished": "none"}, "details": ["x" * 600, "a\x00b\x1b[31m"]}
    assert bodies.read_report({"status": status}).details == ("x" * 512, "x" * 88, "a b [31m")
    many = {**status, "details": ["y" * 600] * 40}
    assert len(bodies.read_report({"status": many}).details) == bodies.MOST_DETAILS
    with pytest.raises(Invalid, match="at most 128"):
        bodies.read_attributes({"data": {"k": "v" * 129}})


def test_the_address_of_an_order_changes_when_it_becomes_forced():
    told = updates.Poll(device="d", action=7, forced_from=NOW)
    before, after = (bodies.poll_body("b", told, "s", NOW - timedelta(seconds=late)) for late in (1, 0))
    assert before != after


def test_a_code_is_a_number_and_no_truth():
    status = {"execution": "closed", "result": {"finished": "none"}, "code": True}
    with pytest.raises(Invalid, match="whole number"):
        bodies.read_report({"status": status})
