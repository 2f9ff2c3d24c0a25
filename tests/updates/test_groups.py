import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.updates.groups import KEYS, divide, parse
from careful.updates.model import Candidate

CAM = Candidate(
    device="cam-1-001",
    product="cam-1",
    hardware="rev-a",
    state="active",
    version="1.0.0",
    region="eu",
    tags=("beta", "lab"),
    consent="ask",
)


@pytest.mark.parametrize(
    ("query", "objection"),
    [
        ("", ""),
        ("region=eu", ""),
        ("region=us,eu tag=beta", ""),
        ("region=us", "not region=us"),
        ("tag!=lab", "not tag!=lab"),
        ("tag!=field", ""),
        ("release=0.9.0,1.0.0 hardware=rev-a model=cam-1", ""),
        ("release=unknown", "not release=unknown"),
        ("consent=automatic", "not consent=automatic"),
        ("device=cam-1-001,cam-1-002", ""),
        ("device!=cam-1-001", "not device!=cam-1-001"),
    ],
)
def test_who_is_of_a_group(query, objection):
    assert parse(query).objection(CAM) == objection


@pytest.mark.parametrize("query", ["colour=red", "region", "region=,", "region==eu", "x" * 501, "tag=a " * 21])
def test_what_is_no_query(query):
    with pytest.raises(Invalid) as refused:
        parse(query)
    assert refused.value.where == "group"


WORDS = st.lists(st.sampled_from(["eu", "us", "beta", "1.0.0", "rev-a"]), min_size=1, max_size=3)


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["=", "!="]), WORDS), max_size=5))
def test_a_query_reads_back_as_itself_and_its_opposite_objects(parts):
    query = " ".join(f"{key}{sign}{','.join(values)}" for key, sign, values in parts)
    group = parse(query)
    assert parse(str(group)) == group
    for one in group.conditions:
        turned = parse(f"{one.key}{'=' if one.forbidden else '!='}{','.join(one.values)}")
        assert bool(turned.objection(CAM)) == one.holds(CAM)


def test_whoever_is_left_out_is_told_why():
    other = Candidate(device="b", product="cam-1", hardware="rev-b", state="active", version="1.0.0")
    wrong = lambda one: "not made for it" if one.hardware == "rev-b" else ""  # noqa: E731 (a rule of one line)
    chosen, left_out = divide([CAM, other], wrong, parse("region=eu"), ())
    assert ([one.device for one in chosen], left_out) == (["cam-1-001"], [("b", "not made for it")])
    assert divide([CAM], wrong, parse(""), ["cam-1-001"])[1] == [("cam-1-001", "excluded by name")]
