"""A device's life: what each state allows, as a table and as laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.devices.model import ACTS, DEVICE_ID, STATES, Life, after, connects

acts = st.lists(st.sampled_from(ACTS), max_size=30)


def _live(path: list[str]) -> Life:
    life = Life("made")
    for act in path:
        life = after(life, act) or life
    return life


@pytest.mark.parametrize(
    ("path", "state"),
    [
        pytest.param([], "made", id="a new device"),
        pytest.param(["enrol"], "enrolled", id="enrolled"),
        pytest.param(["enrol", "use"], "active", id="first use"),
        pytest.param(["use"], "active", id="by target token, without certificate"),
        pytest.param(["enrol", "use", "enrol"], "enrolled", id="enrolled again"),
        pytest.param(["enrol", "use", "quarantine"], "quarantined", id="quarantined"),
        pytest.param(["enrol", "use", "quarantine", "restore"], "active", id="restored to active"),
        pytest.param(["enrol", "quarantine", "restore"], "enrolled", id="restored to enrolled"),
        pytest.param(["enrol", "use", "quarantine", "revoke", "restore"], "made", id="nothing to come back to"),
        pytest.param(["enrol", "use", "revoke"], "made", id="revoked"),
        pytest.param(["enrol", "use", "retire", "restore", "enrol", "use"], "retired", id="nothing undoes retirement"),
    ],
)
def test_a_life(path: list[str], state: str) -> None:
    assert _live(path).state == state


@given(acts)
def test_retired_is_for_ever(path: list[str]) -> None:
    retired = _live([*path, "retire"])
    assert retired.state == "retired"
    assert all(after(retired, act) is None for act in ACTS)


@given(acts)
def test_restoring_undoes_quarantine_and_nothing_else(path: list[str]) -> None:
    life = _live(path)
    quarantined = after(life, "quarantine")
    if quarantined is None:
        assert life.state in ("quarantined", "retired")
    else:
        assert after(quarantined, "restore") == Life(life.state)


@given(acts)
def test_only_a_quarantined_device_remembers_where_it_was(path: list[str]) -> None:
    life = _live(path)
    assert (life.before is not None) == (life.state == "quarantined")


@given(acts)
def test_a_device_without_certificate_is_not_active_again_by_restoring(path: list[str]) -> None:
    life = _live([*path, "revoke"])
    restored = after(life, "restore") or life
    assert restored.state in ("made", "quarantined", "retired")


@given(acts)
def test_what_is_cut_off_does_not_connect(path: list[str]) -> None:
    for act in ("quarantine", "retire"):
        life = after(_live(path), act)
        assert life is None or not connects(life.state)


def test_every_state_can_be_reached() -> None:
    reached = {_live(path).state for path in ([], ["enrol"], ["use"], ["quarantine"], ["retire"])}
    assert reached == set(STATES)


@pytest.mark.parametrize("bad", ["", "a b", "a/b", "a+", "#", "a" * 65, "é", "a\n", "$SYS"])
def test_ids_that_would_mean_something_elsewhere_are_none(bad: str) -> None:
    assert DEVICE_ID.fullmatch(bad) is None
