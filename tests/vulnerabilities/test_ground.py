"""What a decision stands on: a table of what moves it, and laws."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import ground
from careful.vulnerabilities.ground import Carrier, Ground, Said

SAID = Said("osv", "GHSA-1", "affected", "in [0, 10.0.1)", "10.0.1", "A heap overflow in the WebP reader.")
PILLOW = Carrier("pillow", "9.0.0", ("CVE-2020-1",), ("net/veth.c",), SAID)
BARE = Carrier("pillow", "9.0.0")


def told(before, now, *, exploited=False, was=False):
    stood = Ground(frozenset(before), was)
    return [one.says for one in ground.moved(stood, [("1.0.2", one) for one in now], exploited=exploited)]


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        pytest.param([PILLOW], [PILLOW], [], id="nothing moved"),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, version="10.0.0")],
            ["pillow moved from 9.0.0 to 10.0.0 in 1.0.2, and still has it"],
            id="another version",
        ),
        pytest.param([PILLOW, replace(PILLOW, version="10.0.0")], [PILLOW], [], id="one of several versions"),
        pytest.param(
            [PILLOW],
            [Carrier("webp", "1.3")],
            ["webp moved from nothing to 1.3 in 1.0.2, and still has it"],
            id="another component has it",
        ),
        pytest.param([PILLOW, Carrier("webp", "1.3")], [PILLOW], [], id="one component fewer"),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, patches=("CVE-2020-2",))],
            ["the patches of pillow 9.0.0 changed in 1.0.2: CVE-2020-2 came; CVE-2020-1 went"],
            id="another patch set",
        ),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, patches=())],
            ["the patches of pillow 9.0.0 changed in 1.0.2: CVE-2020-1 went"],
            id="a patch was dropped",
        ),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, compiled=("net/veth.c", "net/tun.c"))],
            ["what is compiled of pillow 9.0.0 changed in 1.0.2: net/tun.c came"],
            id="another kernel config",
        ),
        pytest.param([BARE], [PILLOW], [], id="what was not noted is not compared"),
        pytest.param([PILLOW], [BARE], [], id="nor what is not noted now"),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, said=replace(SAID, span="in [0, 10.0.2)", fixed="10.0.2"))],
            [
                ("what osv says of pillow 9.0.0 changed (GHSA-1): range: in [0, 10.0.1) -> in [0, 10.0.2); "
                "fixed in: 10.0.1 -> 10.0.2")
            ],
            id="another range",
        ),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, said=replace(SAID, wording="A heap overflow in every reader."))],
            [
                ("what osv says of pillow 9.0.0 changed (GHSA-1): words: “A heap overflow in the WebP reader.” -> "
                "“A heap overflow in every reader.”")
            ],
            id="other words",
        ),
        pytest.param(
            [PILLOW], [replace(PILLOW, said=replace(SAID, wording="a heap  overflow in the webp reader"))], [],
            id="case, space and points are not words",
        ),
        pytest.param(
            [PILLOW], [replace(PILLOW, said=replace(SAID, feed="nvd", record="CVE-1", span="in (-, 10.0.1)",
                                                    wording="Other words"))], [],
            id="another list that says the same in its words",
        ),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, said=replace(SAID, wording=""))],
            [],
            id="no words at all",
        ),
        pytest.param(
            [PILLOW],
            [replace(PILLOW, said=replace(SAID, feed="nvd", record="CVE-1", certainty="check"))],
            [
                ("what nvd says of pillow 9.0.0 changed (CVE-1): record: GHSA-1 from osv -> CVE-1 from nvd; "
                "certainty: affected -> check")
            ],
            id="another list that says otherwise",
        ),
    ],
)  # fmt: skip
def test_what_moves_a_decision(before, now, says):
    assert told(before, now) == says


@pytest.mark.parametrize(
    ("was", "exploited", "asked"),
    [(False, True, 1), (False, False, 0), (True, True, 0), (True, False, 0), (None, True, 0)],
)
def test_exploitation_asks_when_it_is_new(was, exploited, asked):
    assert len(told([PILLOW], [PILLOW], exploited=exploited, was=was)) == asked


def test_exploitation_and_the_lists_are_true_of_every_release():
    now = replace(PILLOW, version="10", said=replace(SAID, certainty="check"))
    before = Ground(frozenset({PILLOW, replace(PILLOW, version="10")}), exploited=False)
    changes = ground.moved(before, [("1.0.2", now)], exploited=True)
    assert [one.release for one in changes] == ["", ""]
    (moved,) = ground.moved(before, [("1.0.2", replace(now, version="11"))], exploited=False)
    assert moved.release == "1.0.2"


def test_the_first_form_was_name_and_version():
    old = ground.read({"pillow": "9.0.0"})
    assert old == Ground(frozenset({BARE}), None)
    assert ground.completed(old, [PILLOW, Carrier("webp", "1")], exploited=True) == Ground(frozenset({PILLOW}), True)
    assert ground.read(None) == Ground(frozenset())


names = st.sampled_from(["openssl", "linux", "zlib"])
versions = st.sampled_from(["1", "1.1", "2", ""])
sets = st.none() | st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(lambda one: tuple(sorted(one)))
words = st.text(max_size=12)
saids = st.none() | st.builds(
    Said, st.sampled_from(["osv", "nvd"]), st.sampled_from(["A", "B"]), st.sampled_from(["affected", "check"]),
    words, words, words,
)  # fmt: skip
carriers = st.builds(Carrier, names, versions, sets, sets, saids)
grounds = st.builds(Ground, st.frozensets(carriers, max_size=5), st.none() | st.booleans())


def placed(one):
    return [("1.0", each) for each in sorted(one.carriers, key=repr)]


@given(grounds)
def test_nothing_moves_a_ground_that_stays(one):
    assert ground.moved(one, placed(one), exploited=bool(one.exploited)) == []


@given(grounds)
def test_it_is_read_as_it_was_written(one):
    assert ground.read(ground.written(one)) == one


@given(grounds, grounds)
def test_what_went_away_moves_nothing(one, other):
    """A release with less of what was decided on inherits the decision."""
    both = Ground(one.carriers | other.carriers, exploited=False)
    assert ground.moved(both, placed(one), exploited=False) == []


@given(grounds, grounds)
def test_completing_asks_nothing_and_forgets_nothing(one, other):
    fuller = ground.completed(one, other.carriers, exploited=True)
    assert {(each.name, each.version) for each in fuller.carriers} == {
        (each.name, each.version) for each in one.carriers
    }
    assert fuller.exploited is (True if one.exploited is None else one.exploited)
    assert len(ground.moved(fuller, placed(one), exploited=False)) <= len(
        ground.moved(one, placed(one), exploited=False)
    )


@given(grounds, grounds)
def test_every_version_that_is_new_is_told(one, other):
    told_of = " ".join(each.says for each in ground.moved(one, placed(other), exploited=False))
    known = {(each.name, each.version) for each in one.carriers}
    for each in other.carriers:
        if (each.name, each.version) not in known:
            assert f"to {each.version} in 1.0" in told_of


@given(grounds, grounds)
def test_a_change_that_is_told_changes_something(one, other):
    """Old and new are never the same in what a person reads."""
    for each in ground.moved(one, placed(other), exploited=False):
        for part in each.says.partition(": ")[2].split("; "):
            if " -> " in part:
                old, _, new = part.partition(": ")[2].rpartition(" -> ")
                assert old != new or " -> " in old
