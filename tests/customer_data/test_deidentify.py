"""Taking persons out: rules as a table, k against brute force, and what holds for any rows."""

from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.customer_data.deidentify import BadRule, Row, generalised, measure, parse_rule, suppressed

MOMENT = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
QUASI = ("age", "zip")
ROWS = st.lists(
    st.builds(
        lambda person, age, code: Row(f"p{person}", {"age": age, "zip": code}),
        st.integers(0, 6), st.integers(0, 60), st.sampled_from(["1010", "1020", "2010", "2020"]),
    ),
    max_size=25,
)  # fmt: skip
STEPS = st.sampled_from(
    [
        ("age=round:10", "zip=cut:2"),
        ("age=band:0,18,40", "zip=keep"),
        ("age=keep", "zip=cut:1"),
        ("age=drop", "zip=keep"),
    ]
)


@pytest.mark.parametrize(
    ("rule", "value", "left"),
    [
        ("f=keep", 7, 7),
        ("f=value", "x", "x"),
        ("f=round:10", 37, 30),
        ("f=round:0.5", 1.7, 1.5),
        ("f=round:10", -3, -10),
        ("f=round:10", "37", None),
        ("f=round:10", True, None),
        ("f=cut:2", "1010", "10"),
        ("f=cut:2", 1010, None),
        ("f=band:0,18,65", 17, "0 to 18"),
        ("f=band:0,18,65", 65, "65 and more"),
        ("f=band:0,18,65", -1, "below 0"),
        ("f=band:0,18,65", None, None),
        ("f=day", MOMENT, "2026-11-04"),
        ("f=day", "2026-11-04T23:30:00-05:00", "2026-11-05"),
        ("f=week", MOMENT, "2026-11-02"),
        ("f=month", MOMENT, "2026-11"),
        ("f=day", "yesterday", None),
        ("f=day", 12, None),
    ],
)
def test_what_a_rule_leaves(rule, value, left):
    one = parse_rule(rule)
    assert generalised([Row("p", {"f": value})], [one])[0].values == {"f": left}
    assert one.says.startswith("f: ")


def test_what_has_no_rule_or_is_dropped_is_gone():
    rows = generalised([Row("p", {"name": "kim", "device": "d", "age": 4})], [parse_rule("age=keep"),
                       parse_rule("device=pseudonym"), parse_rule("name=drop")])  # fmt: skip
    assert rows[0].values == {"age": 4}


@pytest.mark.parametrize(
    "text", ["", "age", "=keep", "age=hash", "age=round:0", "age=cut:1,2", "age=band:9,3", "a=round:-"]
)
def test_what_is_no_rule(text):
    with pytest.raises(BadRule):
        parse_rule(text)


def test_k_counts_persons_and_not_rows():
    rows = [Row("kim", {"age": 4})] * 20 + [Row("lee", {"age": 5}), Row("max", {"age": 5})]
    found = measure(rows, ["age"], linked=False)
    assert (found.k, round(found.unique, 2), found.low) == (1, 0.91, ("age",))
    assert dict(found.without) == {"age": 3}


def test_linked_rows_are_told_apart_by_all_of_them_together():
    rows = [Row("kim", {"age": 4}), Row("kim", {"age": 5}), Row("lee", {"age": 4}), Row("max", {"age": 5})]
    assert measure(rows, ["age"], linked=False).k == 2
    assert measure(rows, ["age"], linked=True).k == 1


def brute(rows, quasi):
    """The fewest persons who share what any row shows."""
    if not rows:
        return 0
    looks = [tuple(row.values[name] for name in quasi) for row in rows]
    return min(len({other.person for other, seen in zip(rows, looks, strict=True) if seen == look}) for look in looks)


@given(ROWS)
def test_k_is_what_brute_force_says(rows):
    found = measure(rows, QUASI, linked=False)
    assert found.k == brute(rows, QUASI)
    for name, k in found.without:
        assert k == brute(rows, [one for one in QUASI if one != name])
        assert k >= found.k


@given(ROWS, STEPS, st.booleans())
def test_generalising_never_lowers_k(rows, steps, linked):
    rules = [parse_rule(one) for one in steps]
    quasi = [rule.field for rule in rules if rule.quasi]
    after = measure(generalised(rows, rules), quasi, linked=linked)
    assert after.k >= measure(rows, QUASI, linked=linked).k
    assert after.unique <= measure(rows, QUASI, linked=linked).unique


@given(ROWS, st.integers(1, 5), st.booleans())
def test_suppression_reaches_k_or_leaves_nothing_and_takes_no_more_than_it_must(rows, k, linked):
    kept = suppressed(rows, QUASI, k, linked=linked)
    assert not kept or measure(kept, QUASI, linked=linked).k >= k
    assert suppressed(kept, QUASI, k, linked=linked) == kept
    if measure(rows, QUASI, linked=linked).k >= k:
        assert kept == rows


def test_fewer_fields_never_lower_k():
    rows = [Row(f"p{n % 5}", {"a": n % 2, "b": n % 3, "c": n % 4}) for n in range(40)]
    whole = measure(rows, "abc", linked=False).k
    assert all(measure(rows, some, linked=False).k >= whole for some in combinations("abc", 2))
