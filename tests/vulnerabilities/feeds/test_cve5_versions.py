"""The versions of a CVE record: every way in which they are stated, and what only a person can read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.cve5_versions import Change, Version, outside, read_versions
from careful.vulnerabilities.feeds.record import Affected
from careful.vulnerabilities.ranges import Range, holds

FRAME = Affected("cpe", "thing", "generic", cpe="cpe:2.3:a:acme:thing:*:*:*:*:*:*:*:*")


def read(*listed, default="unknown"):
    return list(read_versions([Version(**one) for one in listed], default, FRAME))


@pytest.mark.parametrize(
    ("entry", "span"),
    [
        pytest.param({"version": "1.0", "less_than": "1.4"}, Range("1.0", fixed="1.4"), id="before"),
        pytest.param({"version": "0", "less_than_or_equal": "1.4"}, Range(last="1.4"), id="up to"),
        pytest.param({"version": "n/a", "less_than_or_equal": "1.4"}, Range(last="1.4"), id="begin not stated"),
        pytest.param({"version": "2.0", "less_than": "*"}, Range("2.0"), id="no end"),
        pytest.param({"version": "5.4.2", "less_than_or_equal": "5.4.*"}, Range("5.4.2", last="5.4.*"), id="a branch"),
        pytest.param({"version": "1.x"}, Range("1", last="1.x"), id="a branch alone"),
        pytest.param({"version": "*"}, Range(), id="all"),
        pytest.param({"version": ">= 1.0, < 1.4"}, Range("1.0", fixed="1.4"), id="bounds"),
        pytest.param({"version": "<= 1.4"}, Range(last="1.4"), id="one bound"),
        pytest.param({"version": "> 1.0 and <= 1.4"}, Range(after="1.0", last="1.4"), id="bounds and a word"),
        pytest.param({"version": "1.4 and earlier"}, Range(last="1.4"), id="and earlier"),
        pytest.param({"version": "prior to 1.4"}, Range(fixed="1.4"), id="prior to"),
        pytest.param({"version": "before version 1.4"}, Range(fixed="1.4"), id="before version"),
        pytest.param({"version": "firmware Ver.1.4 and earlier"}, Range(last="1.4"), id="of the firmware"),
        pytest.param({"version": "1.4 and previous versions"}, Range(last="1.4"), id="and previous versions"),
        pytest.param({"version": "1.0 - 1.4"}, Range("1.0", last="1.4"), id="a dash"),
        pytest.param({"version": "= 1.4"}, Range("1.4", last="1.4"), id="exactly"),
        pytest.param({"version": "1.0 through 1.4"}, Range("1.0", last="1.4"), id="through"),
        pytest.param(
            {"version": "Fixed in OpenSSL 1.1.1d (Affected 1.1.1-1.1.1c)"},
            Range("1.1.1", last="1.1.1c"),
            id="OpenSSL's",
        ),
        pytest.param(
            {"version": "Fixed in OpenSSL 3.0.1 (Affected 3.0.0)"}, Range("3.0.0", last="3.0.0"), id="only one"
        ),
        pytest.param({"version": "8.0.*", "less_than": "8.0.29"}, Range("8.0", fixed="8.0.29"), id="from a branch on"),
        pytest.param({"version": "-", "less_than_or_equal": "<= 2.2.1"}, Range(last="2.2.1"), id="a sign too many"),
        pytest.param(
            {"version": "0", "less_than": "<= 2.2.1"}, Range(last="2.2.1"), id="another sign than the field's"
        ),
        pytest.param({"version": ">= 2.6.0", "less_than": "< 4.4.13"}, Range("2.6.0", fixed="4.4.13"), id="two signs"),
        pytest.param({"version": "> 5.0.0", "less_than": "< 5.1.1"}, Range(after="5.0.0", fixed="5.1.1"), id="after"),
        pytest.param(
            {"version": "*", "less_than_or_equal": "3.6", "version_type": "git"}, Range(last="3.6"), id="Zephyr"
        ),
        pytest.param(
            {"version": "6.0.x", "less_than": "6.0.18", "version_type": "git"}, Range("6.0", fixed="6.0.18"), id="x"
        ),
        pytest.param(
            {"version": "5.1.x", "less_than": "5.1.0.2444 build 20230629"},
            Range("5.1", fixed="5.1.0.2444"),
            id="a build",
        ),
        pytest.param({"version": "thing 1.4"}, Range("1.4", last="1.4"), id="after the product's name"),
        pytest.param({"version": "Ver1.07 and earlier"}, Range(last="1.07"), id="joined"),
        pytest.param({"version": "vers:all/*"}, Range(), id="all, as VERS says it"),
        pytest.param({"version": "earlier than 1.4"}, Range(fixed="1.4"), id="earlier than"),
        pytest.param(
            {"version": "pkg:pypi/django@4.2", "less_than": "pkg:pypi/django@4.2.15"},
            Range("4.2", fixed="4.2.15"),
            id="package URLs",
        ),
    ],
)
def test_what_can_be_read(entry, span):
    (one,) = read(entry)
    assert (one.ranges, one.condition) == ((span,), "")


def test_a_single_version():
    (one,) = read({"version": "v1.2-rc1"})
    assert (one.versions, one.ranges, one.condition) == (("v1.2-rc1",), (), "")


@pytest.mark.parametrize(
    ("entry", "doubt", "spans"),
    [
        pytest.param({"version": "Fixed in 7.83.1"}, "in words: 'Fixed in 7.83.1'", (Range(fixed="7.83.1"),), id="fix"),
        pytest.param({"version": "various"}, "in words: 'various'", (), id="words"),
        pytest.param({"version": "< 1 < 2"}, "in words", (), id="twice the same bound"),
        pytest.param({"version": "1" + " " * 50_000 + "and earlier"}, "in words", (), id="a tale"),
        pytest.param({"version": "0", "less_than": "2" * 100_000}, "in words", (), id="an end that is a tale"),
        pytest.param({"version": "1.0", "less_than": "publication"}, "in words: '1.0 to publication'", (), id="end"),
        pytest.param({"version": "0"}, "names no versions", (), id="only zero"),
        pytest.param({"version": "n/a"}, "names no versions", (), id="n/a"),
        pytest.param({"version": "1da177", "less_than": "4b9b", "version_type": "git"}, "in commits", (), id="git"),
        pytest.param(
            {"version": "0", "less_than": "4fdf178", "version_type": "git"}, "in commits", (), id="a short one"
        ),
        pytest.param({"version": "< 1.2.9, < 2.0.5"}, "in words", (), id="ends of branches, or of one"),
        pytest.param({"version": "1da177e4c3f4", "less_than": "44c7c901cb36"}, "in commits", (), id="git, not said"),
    ],
)
def test_what_a_person_must_read(entry, doubt, spans):
    (one,) = read(entry, default="unaffected")
    assert doubt in one.condition
    assert (one.ranges, one.versions, one.closed) == (spans, (), False)


def test_many_words_are_one_row():
    (one,) = read(*({"version": f"QCA{number}"} for number in range(6)))
    assert one.condition == "its versions are in words: 'QCA0', 'QCA1', 'QCA2' and 3 more"


def test_a_list_of_versions():
    (one,) = read({"version": "1.0, 1.1 | 1.2"})
    assert one.ranges == (Range("1.0", last="1.0"), Range("1.1", last="1.1"), Range("1.2", last="1.2"))


def test_a_list_of_ranges_that_say_where_they_begin():
    (one,) = read({"version": "9.5 - 9.5.23, 10 - 10.0.10 and 11.0"})
    assert one.ranges == (Range("9.5", last="9.5.23"), Range("10", last="10.0.10"), Range("11.0", last="11.0"))


@pytest.mark.parametrize(
    ("listed", "default", "found"),
    [
        pytest.param([{"version": "consult XSA-444", "status": "unknown"}], "unknown", 1, id="Xen's"),
        pytest.param([], "unknown", 1, id="nothing at all"),
        pytest.param([], "unaffected", 0, id="not affected at all"),
        pytest.param([{"version": "5", "status": "unknown"}], "unaffected", 0, id="not known of one"),
        pytest.param([{"version": "5", "status": "unaffected"}], "unknown", 0, id="fine in one"),
    ],
)
def test_a_product_of_which_nothing_is_said(listed, default, found):
    doubts = [one.condition for one in read(*listed, default=default) if one.condition]
    assert doubts == ["its record does not say which versions"] * found


def test_a_range_written_as_two_is_one():
    """As the older CVE format's two-sided ranges came over (Atlassian's records)."""
    (one,) = read(
        {"version": "unspecified", "less_than": "8.5.12"},
        {"version": "8.6.0", "less_than": "unspecified"},
        {"version": "unspecified", "less_than": "8.13.4"},
        {"version": "8.14.0", "less_than": "unspecified"},
    )
    assert one.ranges == (Range(fixed="8.5.12"), Range("8.6.0", fixed="8.13.4"), Range("8.14.0"))
    (apart,) = read({"version": "9.0", "less_than": "unspecified"}, {"version": "unspecified", "less_than": "8.13.4"})
    assert apart.ranges == (Range("9.0"), Range(fixed="8.13.4"))


def test_a_range_that_begins_where_it_ends_denies_nothing_before_it():
    """As HackerOne's records of Node.js: `20.5.0` up to `20.5.0`, all else unaffected."""
    clear, doubt = read({"version": "20.5.0", "less_than_or_equal": "20.5.0"}, default="unaffected")
    assert (clear.ranges, clear.closed, clear.condition) == ((Range("20.5.0", last="20.5.0"),), False, "")
    assert (doubt.ranges, "begins where it ends" in doubt.condition) == ((Range(last="20.5.0"),), True)
    (unsaid,) = read({"version": "20.5.0", "less_than_or_equal": "20.5.0"})
    assert unsaid.ranges == clear.ranges


def test_one_version_that_is_not_affected_may_be_the_mend():
    """CVE-2023-5752 of pip: affected by default, 23.3 is not; nobody means that 23.3.1 is again."""
    clear, doubt = read({"version": "23.3", "status": "unaffected"}, default="affected")
    assert (clear.ranges, clear.fine) == ((Range(fixed="23.3"),), (Range("23.3", last="23.3"),))
    assert (doubt.ranges, "says nothing of those after it" in doubt.condition) == ((Range(after="23.3"),), True)
    branch = {"version": "6.8", "less_than_or_equal": "6.8.*", "status": "unaffected"}
    (linux,) = read(branch, default="affected")
    assert linux.ranges == (Range(fixed="6.8"), Range(after="6.8.*"))


def test_affected_by_default_and_only_affected_versions_named_is_no_clear_word_about_the_others():
    """As in Adobe's records: the rest is not affected in their own words, and affected by the record's."""
    clear, doubt = read({"version": "0", "less_than_or_equal": "4.0.3"}, default="affected")
    assert (clear.ranges, clear.closed, clear.condition) == ((Range(last="4.0.3"),), False, "")
    assert (doubt.ranges, "by default" in doubt.condition) == ((Range(),), True)
    (all_of_it,) = read({"version": "1.0"}, default="affected")
    assert all_of_it.ranges == (Range(),)


def test_a_change_on_the_way():
    (one,) = read(
        {"version": "1.0", "less_than": "3.0", "changes": [Change("2.1", "unaffected")]}, default="unaffected"
    )
    assert (one.ranges, one.fine, one.closed) == ((Range("1.0", fixed="2.1"),), (Range("2.1", fixed="3.0"),), True)


def test_a_range_that_ends_twice_speaks_of_branches():
    ends = [Change("1.5", "unaffected"), Change("2.1", "unaffected")]
    first, second = read({"version": "1.0", "less_than": "3.0", "changes": ends})
    assert first.ranges == (Range("1.0", fixed="1.5"),)
    assert (second.ranges, "branches" in second.condition) == ((Range("1.5", fixed="2.1"),), True)


def test_all_but_what_is_said_to_be_fine():
    """As the kernel states it."""
    (one,) = read(
        {"version": "4.20", "status": "affected"},
        {"version": "0", "less_than": "4.20", "status": "unaffected"},
        {"version": "5.4.269", "less_than_or_equal": "5.4.*", "status": "unaffected"},
        {"version": "6.8", "less_than_or_equal": "*", "status": "unaffected"},
        default="affected",
    )
    assert one.ranges == (Range("4.20", fixed="5.4.269"), Range(after="5.4.*", fixed="6.8"))
    assert one.versions == ("4.20",)


def test_what_cannot_be_put_in_order_is_for_a_person():
    said = read({"version": "R2 SP1", "less_than": "z9", "status": "unaffected"}, default="affected")
    assert [one.condition for one in said] == ["its unaffected versions cannot be put in order"]
    assert outside([Range("no order", fixed="2")], "generic") is None


@given(st.lists(st.integers(0, 30), min_size=2, max_size=12, unique=True).map(sorted), st.integers(0, 31))
def test_a_version_is_inside_or_outside_never_both(bounds, asked):
    if len(bounds) % 2:
        bounds.pop()
    fine = [Range(str(low), fixed=str(high)) for low, high in zip(bounds[::2], bounds[1::2], strict=True)]
    within = any(holds(one, str(asked), "generic") == "yes" for one in fine)
    without = any(holds(one, str(asked), "generic") == "yes" for one in outside(fine, "generic") or [])
    assert within != without
    assert versions.key("generic", str(asked))
