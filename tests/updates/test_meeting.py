import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.updates.meeting import Other, meetings


def other(version="1.0.1", state="running", devices="ab"):
    return Other(rollout="r1", version=version, state=state, unsettled=frozenset(devices))


@pytest.mark.parametrize(
    ("version", "chosen", "met", "downgrade", "expected"),
    [
        pytest.param("1.0.2", "ab", other(), False, ("takes over", True, True), id="newer takes over, and says so"),
        pytest.param("1.0.2", "bc", other(), False, ("takes over", False, True), id="the rest stays with it"),
        pytest.param("1.0.2", "ab", other(state="halted"), False, ("takes over", True, False), id="halted: no word"),
        pytest.param("1.0.1", "ab", other(), False, ("leaves to it", False, False), id="the same version"),
        pytest.param("1.0.0", "ab", other(), False, ("leaves to it", False, False), id="an older version"),
        pytest.param("1.0.0", "ab", other(), True, ("takes over", True, True), id="a downgrade"),
        pytest.param("1.0.0", "ab", other(state="halted"), False, ("takes over", True, False), id="halted"),
    ],
)  # fmt: skip
def test_who_gets_a_device(version, chosen, met, downgrade, expected):
    [found] = meetings(version, chosen, [met], downgrade=downgrade)
    assert (found.rule, found.whole, found.wants_word) == expected
    assert found.rollout in found.says


def test_who_shares_no_device_does_not_meet():
    assert meetings("1.0.2", "cd", [other()], downgrade=False) == []


VERSIONS = st.sampled_from(["1.0.0", "1.0.1", "1.0.2"])
SOME = st.frozensets(st.sampled_from("abcd"))


@given(VERSIONS, SOME, VERSIONS, st.sampled_from(["running", "halted"]), SOME)
def test_of_two_that_run_the_newer_version_has_the_device(version, chosen, known, state, unsettled):
    for met in meetings(version, chosen, [Other(rollout="r1", version=known, state=state, unsettled=unsettled)],
                        downgrade=False):  # fmt: skip
        assert set(met.devices) == chosen & unsettled
        if state == "running":
            assert (met.rule == "takes over") == (version > known)
        assert met.whole <= (unsettled <= chosen)
