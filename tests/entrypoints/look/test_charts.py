"""Charts: their parts sum, hostile words stay words, and nothing in them is script or style."""

from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sites import fragment_faults

from careful.entrypoints.look import charts
from careful.entrypoints.look.charts import Part

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onload='alert(1)", "{{ 7*7 }} & &lt;"]

counts = st.integers(0, 10**9)
parts = st.lists(st.builds(Part, st.text(max_size=20), counts, st.just(""), st.booleans()), max_size=12)
# XML, with which these tests read a chart, knows no control characters; HTML does.
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=30)


def tree(chart) -> Element:
    return fromstring(str(chart))  # noqa: S314 (our own drawing)


def widths(chart) -> list[float]:
    """The widths of the bar's parts, without the hatching over them."""
    return [float(one.get("width").rstrip("%")) for one in tree(chart).iter("rect") if "gap" in one.get("class", "")]


@given(parts)
def test_folding_keeps_the_sum_and_few_parts(given_parts):
    shown = charts.fold(given_parts)
    assert sum(one.count for one in shown) == sum(one.count for one in given_parts)
    assert sum(not one.unknown for one in shown) <= 5
    assert all(one.count for one in shown)
    assert [one for one in shown if one.unknown] == [one for one in given_parts if one.unknown and one.count]


def test_parts_that_look_the_same_count_once_each():
    assert charts.fold([Part("1.0", 3)] * 7) == [*[Part("1.0", 3)] * 4, Part("others", 9)]


def test_the_largest_parts_stay_in_their_order():
    given_parts = [Part(str(number), number) for number in (3, 9, 1, 7, 2, 8)]
    assert [(one.label, one.count) for one in charts.fold(given_parts)] == [
        ("3", 3),
        ("9", 9),
        ("7", 7),
        ("8", 8),
        ("others", 3),
    ]


@given(st.lists(st.builds(Part, words, st.integers(1, 10**6), st.just(""), st.booleans()), min_size=1, max_size=12))
def test_a_bar_is_full(given_parts):
    found = widths(charts.bar(given_parts, name="b", title="Devices"))
    assert sum(found) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(
    "given_parts",
    [
        pytest.param([], id="no parts"),
        pytest.param([Part("1.0.0", 0), Part("silent", 0, unknown=True)], id="all empty"),
    ],
)
def test_nothing_to_draw(given_parts):
    assert charts.bar(given_parts, name="b", title="Devices") == ""


def test_a_bar_says_its_counts_and_leads_to_the_lists():
    drawn = charts.bar(
        [Part("1.0.1", 1200, "/devices?version=1.0.1&a=b"), Part("silent", 300, unknown=True)],
        name="v",
        title="Versions",
    )
    found = tree(drawn)
    assert found.findtext(".//title") == "Versions"
    assert found.findtext(".//desc") == "1.0.1 1\u202f200; silent 300"
    assert [one.get("href") for one in found.iter("a")] == ["/devices?version=1.0.1&a=b"]
    assert ["".join(one.itertext()) for one in found.iter("li")] == ["1.0.1 1\u202f200 80 %", "silent 300 20 %"]


def test_only_the_unknown_is_hatched():
    drawn = tree(charts.bar([Part("1.0.1", 3), Part("silent", 1, unknown=True)], name="v", title="Versions"))
    hatched = [one for one in drawn.iter("rect") if one.get("fill") == "url(#v-h)"]
    assert [one.get("x") for one in hatched] == ["75%", None]  # once in the bar, once in the legend


@pytest.mark.parametrize(
    ("part", "whole", "width"),
    [
        pytest.param(0, 0, "0%", id="of nothing"),
        pytest.param(1, 3, "33.33%", id="a third"),
        pytest.param(3, 3, "100%", id="all"),
        pytest.param(5, 3, "100%", id="never over the edge"),
    ],
)
def test_a_meter_fills(part, whole, width):
    drawn = tree(charts.meter(part, whole, label="Updated"))
    assert drawn.findall("rect")[1].get("width") == width
    assert drawn.get("aria-label") == f"Updated: {part} of {whole}"


def path(points, index=0):
    drawn = tree(charts.curve(points, name="c", title="Uptake"))
    return [one.get("d") for one in drawn.iter("path") if one.get("class", "").startswith("line")][index]


def test_a_curve_holds_until_the_next_observation():
    points = [
        (NOW - timedelta(minutes=30), {"fixed": 0, "silent": 4}),
        (NOW - timedelta(minutes=15), {"fixed": 2}),
        (NOW, {"fixed": 4, "silent": 1}),
    ]
    assert path(points) == "M0 100 L50 100 L50 50 L100 50 L100 0"
    assert path(points, 1) == "M0 0 L50 0 L50 100 L100 100 L100 75"  # not said counts as none


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([(NOW, {"fixed": 0})], id="one moment, none"),
        pytest.param([(NOW, {"fixed": 3}), (NOW, {"fixed": 4})], id="two at one moment"),
        pytest.param([(NOW, {})], id="no series"),
    ],
)
def test_a_curve_of_little_is_still_drawn(points):
    drawn = charts.curve(points, name="c", title="Uptake")
    assert fragment_faults(str(drawn)) == []
    assert "nan" not in drawn


def test_no_curve_of_nothing():
    assert charts.curve([], name="c", title="Uptake") == ""


def test_the_same_as_a_table():
    found = tree(charts.curve([(NOW, {"fixed": 1200, "silent": 0})], name="c", title="Uptake"))
    assert ["".join(one.itertext()) for one in found.find(".//tbody").iter("td")] == ["1\u202f200", "0"]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_curve_stays_in_its_square(values):
    points = [(NOW + timedelta(minutes=step), {"fixed": value}) for step, value in enumerate(values)]
    numbers = [float(one.strip("ML")) for one in path(points).split()]
    assert all(0 <= one <= 100 for one in numbers)
    assert numbers[::2] == sorted(numbers[::2])  # time does not go back


def all_charts(text):
    return [
        charts.bar([Part(text, 3, f"/devices?q={text}"), Part(text, 2, unknown=True)], name="b", title=text),
        charts.meter(1, 2, label=text),
        charts.curve([(NOW, {text: 1}), (NOW + timedelta(minutes=1), {text: 2})], name="c", title=text),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(text):
    for drawn in all_charts(text):
        assert fragment_faults(str(drawn)) == []
        assert text in "".join(tree(drawn).itertext()) or text in (tree(drawn).get("aria-label") or "")


@given(words)
def test_whatever_the_words_a_chart_is_whole(text):
    for drawn in all_charts(text):
        assert fragment_faults(str(drawn)) == []
        assert {one.tag for one in tree(drawn).iter()} <= {
            *("figure", "svg", "title", "desc", "defs", "pattern", "line", "rect", "path", "ul", "li", "a", "b", "div"),
            *("span", "time", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td"),
        }
