"""What came and went between two releases: every reason, and nothing gone that is only not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.comparing import Held, compare
from careful.vulnerabilities.model import Finding


def finding(flaw="CVE-1", name="pillow", version="1", evidence="by GHSA-1"):
    return Finding("r", "cam-1", 1, name, version, flaw, "affected", "purl", evidence, "2")


def held(*findings, settled=(), unmatched=(), **versions):
    return Held(findings, settled, dict(unmatched), {name: (version,) for name, version in versions.items()})


HAS = held(finding(), pillow="1")


@pytest.mark.parametrize(
    ("before", "after", "kind", "why"),
    [
        pytest.param(held(), HAS, "came", "pillow is new", id="a new component"),
        pytest.param(held(pillow="0"), HAS, "came", "pillow went from 0 to 1", id="another version"),
        pytest.param(held(pillow="1"), HAS, "came", "it was heard of since", id="news"),
        pytest.param(held(settled=[finding()], pillow="1"), HAS, "came", "not said any more", id="unpatched"),
        pytest.param(
            held(unmatched={"pillow": "no feed"}, pillow="1"), HAS, "came", "before: no feed", id="not looked up"
        ),
        pytest.param(HAS, held(pillow="2"), "went", "pillow went from 1 to 2", id="mended"),
        pytest.param(HAS, held(), "went", "pillow is not in it any more", id="removed"),
        pytest.param(HAS, held(pillow="1"), "went", "the lists do not name it any more", id="taken back"),
        pytest.param(HAS, held(settled=[finding(evidence="patched")], pillow="1"), "went", "patched", id="patched"),
        pytest.param(
            HAS, held(unmatched={"pillow": "no version"}, pillow=""), "not known", "no version", id="not known any more"
        ),
        pytest.param(HAS, HAS, "stayed", "by GHSA-1", id="the same"),
    ],
)
def test_what_became_of_a_flaw(before, after, kind, why):
    (one,) = compare(before, after)
    assert one.kind == kind
    assert why in one.why


@given(*[st.lists(st.sampled_from("abcd").map(finding), max_size=4)] * 2)
def test_every_flaw_of_either_is_accounted_for_once(old, new):
    found = compare(held(*old, pillow="1"), held(*new, pillow="1"))
    assert sorted(one.flaw for one in found) == sorted({one.flaw for one in (*old, *new)})
    back = compare(held(*new, pillow="1"), held(*old, pillow="1"))
    assert {one.flaw for one in found if one.kind == "came"} == {one.flaw for one in back if one.kind == "went"}
