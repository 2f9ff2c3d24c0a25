"""VERS ranges: read, made canonical, and asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import vers
from careful.vulnerabilities.ranges import Range, holds


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param("vers:npm/>=1.0.0|<2.0.0", "vers:npm/>=1.0.0|<2.0.0", id="as it should be"),
        pytest.param("vers:npm/ <2.0.0 | >=1.0.0 ", "vers:npm/>=1.0.0|<2.0.0", id="spaces and order"),
        pytest.param("VERS:NPM/=1.0", "vers:npm/1.0", id="upper case, and a sign for equal"),
        pytest.param("vers:deb/1%3A2.0", "vers:deb/1:2.0", id="quoted without need"),
        pytest.param("vers:generic/1%7C2|1%25", "vers:generic/1%7C2|1%25", id="quoted with need"),
        pytest.param("vers:pypi/*", "vers:pypi/*", id="all"),
        pytest.param("vers:unheard-of/>2|<1", "vers:unheard-of/>2|<1", id="no order: as it was"),
    ],
)
def test_canonical(text, canonical):
    assert str(vers.read(text)) == canonical
    assert vers.parse(canonical) == vers.read(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("pkg:npm/a@1", id="a purl"),
        pytest.param("vers:npm", id="no constraints"),
        pytest.param("vers:npm/", id="empty constraints"),
        pytest.param("vers:npm/>", id="no version"),
        pytest.param("vers:npm/>>1", id="two comparators"),
        pytest.param("vers:npm/1||2", id="a gap"),
        pytest.param("vers:npm/1%2", id="a bad percent sign"),
        pytest.param("vers:npm/%ff", id="no UTF-8"),
        pytest.param("vers:n_pm/1", id="no type"),
        pytest.param("vers:npm/*|1", id="all and one"),
        pytest.param("vers:npm/" + "|".join(map(str, range(3000))), id="too many"),
        pytest.param("vers:npm/" + "1" * 30_000, id="too long"),
    ],
)
def test_what_is_no_range(text):
    with pytest.raises(ValueError, match=r"."):
        vers.read(text)


@pytest.mark.parametrize(
    ("text", "version", "hit"),
    [
        pytest.param("vers:npm/>=1.0.0|<2.0.0", "1.5.0", "yes", id="between"),
        pytest.param("vers:npm/>=1.0.0|<2.0.0", "2.0.0", "no", id="the end"),
        pytest.param("vers:npm/<1.0.0|>=2.0.0|<2.1.0|>3", "0.1.0", "yes", id="before all"),
        pytest.param("vers:npm/<1.0.0|>=2.0.0|<2.1.0|>3", "1.5.0", "no", id="in a gap"),
        pytest.param("vers:npm/<1.0.0|>=2.0.0|<2.1.0|>3", "4.0.0", "yes", id="past all"),
        pytest.param("vers:npm/1.0|2.0", "2.0.0", "yes", id="one of a list"),
        pytest.param("vers:npm/!=1.5.0", "1.5.0", "no", id="all but one"),
        pytest.param("vers:npm/!=1.5.0", "1.5.1", "yes", id="another"),
        pytest.param("vers:npm/>=1|!=1.5|<2", "1.5.0", "no", id="all of these but one"),
        pytest.param("vers:npm/>=1|!=1.5|<2", "1.6.0", "yes", id="the others of these"),
        pytest.param("vers:npm/>=1|>=1.2|1.3|<2|<=3", "2.5.0", "yes", id="what says the same twice"),
        pytest.param("vers:npm/*", "anything", "yes", id="all"),
        pytest.param("vers:all/*", "anything", "yes", id="all of any type"),
        pytest.param("vers:none/*", "1.0", "no", id="none"),
        pytest.param("vers:npm/>=1.0.0", "latest", "check", id="our version cannot be read"),
        pytest.param("vers:npm/>=latest", "1.0.0", "check", id="its version cannot be read"),
        pytest.param("vers:npm/latest", "latest", "yes", id="the very same text"),
        pytest.param("vers:unheard-of/<2", "1", "check", id="no order"),
        pytest.param("vers:npm/>1.0.0|<1.0.0", "1.0.0", "check", id="nothing can lie in it"),
        pytest.param("vers:npm/>=2.0.0|<=2.0.0", "2.0.0", "yes", id="exactly one"),
        pytest.param("vers:npm/1.0.0|!=1.0.0", "2.0.0", "check", id="itself and not itself"),
    ],
)
def test_contains(text, version, hit):
    assert vers.contains(vers.read(text), version) == hit


def test_the_same_as_our_ranges():
    assert vers.ranges(vers.read("vers:npm/<1|2|>=3|<=4|!=5|>6")) == (
        Range(fixed="1"),
        Range(introduced="2", last="2"),
        Range(introduced="3", last="4"),
        Range(after="6"),
    )
    assert vers.ranges(vers.read("vers:npm/*")) == (Range(),)


NUMBERS = st.integers(0, 9)
ENDS = st.lists(st.tuples(st.sampled_from(["<", "<=", ">", ">=", "="]), NUMBERS), min_size=1, max_size=5)


@given(ends=ENDS, wanted=NUMBERS)
def test_what_is_read_again_says_the_same(ends, wanted):
    one = vers.of("generic", [vers.Constraint(sign, str(number)) for sign, number in ends])
    again = vers.parse(str(one))
    assert again == one
    assert vers.contains(again, str(wanted)) == vers.contains(one, str(wanted))


@given(numbers=st.lists(NUMBERS, min_size=2, max_size=6, unique=True), wanted=NUMBERS)
def test_pairs_hold_what_lies_between(numbers, wanted):
    numbers = sorted(numbers)[: len(numbers) // 2 * 2]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    text = "vers:generic/" + "|".join(f">={low}|<{high}" for low, high in pairs)
    assert (vers.contains(vers.read(text), str(wanted)) == "yes") == any(low <= wanted < high for low, high in pairs)


@given(ends=ENDS, but=NUMBERS, wanted=NUMBERS)
def test_all_but_one_is_all_but_one(ends, but, wanted):
    constraints = [vers.Constraint(sign, str(number)) for sign, number in ends]
    try:
        whole = vers.ranges(vers.of("generic", constraints))
        rest = vers.ranges(vers.of("generic", [*constraints, vers.Constraint("!=", str(but))]))
    except ValueError:
        return  # nothing can lie in it
    before = any(holds(span, str(wanted), "generic") == "yes" for span in whole)
    after = any(holds(span, str(wanted), "generic") == "yes" for span in rest)
    assert after == (before and wanted != but)


@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    for one in (text, "vers:npm/" + text):
        try:
            assert vers.contains(vers.read(one), "1.0") in {"yes", "no", "check"}
        except ValueError:
            continue
