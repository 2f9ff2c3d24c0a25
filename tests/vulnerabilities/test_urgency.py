"""Why a flaw is urgent: each reason in each of its forms, and what is not known said as such."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cvss import CVSS2, CVSS3, CVSS4
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.urgency import REACHES, Known, Said, brief, explain

NEAR = "a few metres away"
HELPED = "when somebody is made to help"
NOW = datetime(2026, 11, 3, tzinfo=UTC)
KNOWN = Known(
    due=NOW + timedelta(days=3),
    exploited_since="2023-09-13",
    epss=(0.94, 0.999),
    severity="critical",
    vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
    reach=("lan", "internet"),
    exposed=12,
    fleet=50,
    fixed_in="1.0.1",
)
QUIET = {"exploited_since": None, "epss": None}
ANN = Said("staff:ann", NOW - timedelta(hours=3), "Our honeypot saw it used")


def test_all_of_it_in_its_order():
    assert explain(KNOWN, NOW) == (
        "It is due in 3 days.",
        "It is exploited in the wild: in CISA's catalogue since 2023-09-13.",
        f"Severity critical; an attacker gets in over a network, without an account, {HELPED} (CVSS 3.1).",
        "The product can be reached from the internet, as declared.",
        "12 of 50 devices run it (24%).",
        "1.0.1 mends it.",
    )


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        pytest.param({"due": NOW - timedelta(hours=30)}, 0, "It was due 30 hours ago.", id="overdue"),
        pytest.param({"due": NOW + timedelta(minutes=30)}, 0, "It is due in 1 hour.", id="within the hour"),
        pytest.param(
            {"exploited_since": None},
            1,
            "It is not in CISA's catalogue; exploitation within 30 days is likely: 94.0% (EPSS), more than for 99% of "
            "all flaws.",
            id="likely",
        ),
        pytest.param(
            {"exploited_since": None, "epss": (0.001, 0.2)},
            1,
            "It is not in CISA's catalogue; exploitation within 30 days is not likely: 0.1% (EPSS), more than for 20% "
            "of all flaws.",
            id="not likely",
        ),
        pytest.param(
            {"exploited_since": None, "epss": None},
            1,
            "It is not in CISA's catalogue of exploited flaws; how likely exploitation is, is not known here.",
            id="no scores here",
        ),
        pytest.param(
            QUIET | {"said": ANN},
            1,
            "It is exploited, says staff:ann, known since 2026-11-02 21:00 UTC: Our honeypot saw it used. CISA's "
            "catalogue of exploited flaws does not list it.",
            id="somebody of ours says so",
        ),
        pytest.param(
            {"said": ANN}, 1, "It is exploited in the wild: in CISA's catalogue since 2023-09-13.", id="both say so"
        ),
        pytest.param(
            QUIET | {"heard": True},
            1,
            "It is exploited in the wild: a feed said so, though CISA's catalogue of exploited flaws does not list it "
            "now.",
            id="taken off the catalogue",
        ),
        pytest.param(
            QUIET | {"ssvc": "active/no/total"},
            1,
            "It is not in CISA's catalogue of exploited flaws; how likely exploitation is, is not known here. CISA "
            "counts attacks as under way, in the CVE's own record (SSVC).",
            id="SSVC",
        ),
        pytest.param(
            {"severity": "unknown", "vector": ""},
            2,
            "Its severity is not known; what an attacker needs is not known.",
            id="no vector",
        ),
        pytest.param(
            {"vector": "CVSS:4.0/AV:P/AC:L/AT:N/PR:H/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},
            2,
            "Severity critical; an attacker gets in only by hand, with an administrator's account, with nobody's help "
            "(CVSS 4.0).",
            id="CVSS 4",
        ),
        pytest.param(
            {"vector": "AV:L/AC:L/Au:S/C:C/I:C/A:C"},
            2,
            "Severity critical; an attacker gets in only with access to the device's system, with an account "
            "(CVSS 2.0).",
            id="CVSS 2",
        ),
        pytest.param({"reach": ()}, 3, "From where the product can be reached is not declared.", id="not declared"),
        pytest.param({"reach": ("near",)}, 3, f"The product can be reached from {NEAR}, as declared.", id="near"),
        pytest.param({"exposed": 1, "fleet": 1}, 4, "1 of 1 devices runs it (100%).", id="one"),
        pytest.param({"exposed": 0}, 4, "None of 50 devices runs it.", id="none"),
        pytest.param({"exposed": 0, "fleet": 0}, 4, "No device of the product is known yet.", id="no device"),
        pytest.param({"fixed_in": None}, 5, "No release mends it yet.", id="no fix"),
    ],
)  # fmt: skip
def test_each_reason(change, place, words):
    assert explain(replace(KNOWN, **change), NOW)[place] == words


def test_in_brief_all_of_it_in_the_same_order():
    assert brief(KNOWN) == (
        "exploited, listed by CISA since 2023-09-13; over a network, without an account; reached from the internet; "
        "12 of 50 devices (24%); 1.0.1 mends it"
    )


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        pytest.param(QUIET | {"said": ANN}, 0, "exploited, says staff:ann, since 2026-11-02", id="somebody of ours"),
        pytest.param(QUIET | {"heard": True}, 0, "exploited", id="taken off the catalogue"),
        pytest.param({"exploited_since": ""}, 0, "exploited", id="no day given"),
        pytest.param(QUIET | {"ssvc": "Active/No/Total"}, 0, "attacks under way (SSVC)", id="SSVC"),
        pytest.param(QUIET | {"epss": (0.0432, 0.8)}, 0, "EPSS 4.3%", id="a score"),
        pytest.param(QUIET, 0, "EPSS not known", id="no score"),
        pytest.param({"vector": ""}, 1, "attacker's needs not known", id="no vector"),
        pytest.param({"vector": "AV:L/AC:L/Au:S/C:C/I:C/A:C"}, 1, "from inside the device, with an account", id="in"),
        pytest.param({"reach": ()}, 2, "reach not declared", id="not declared"),
        pytest.param({"exposed": 0}, 3, "none of 50 devices", id="nobody"),
        pytest.param({"fleet": 0}, 3, "no device known", id="no device"),
        pytest.param({"fixed_in": None}, 4, "no fix yet", id="no fix"),
    ],
)
def test_each_reason_in_brief(change, place, words):
    assert brief(replace(KNOWN, **change)).split("; ")[place] == words


VECTORS = st.one_of(
    st.builds(
        "CVSS:3.1/AV:{}/AC:{}/PR:{}/UI:{}/S:U/C:H/I:N/A:N".format,
        st.sampled_from("NALP"), st.sampled_from("LH"), st.sampled_from("NLH"), st.sampled_from("NR"),
    ),
    st.builds(
        "AV:{}/AC:{}/Au:{}/C:C/I:N/A:N".format,
        st.sampled_from("NAL"), st.sampled_from("LMH"), st.sampled_from("NSM"),
    ),
    st.builds(
        "CVSS:4.0/AV:{}/AC:L/AT:N/PR:{}/UI:{}/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N".format,
        st.sampled_from("NALP"), st.sampled_from("NLH"), st.sampled_from("NPA"),
    ),
)  # fmt: skip


@given(VECTORS)
def test_every_vector_that_the_standard_s_reader_takes_is_put_in_words(vector):
    (CVSS4 if "4.0" in vector else CVSS3 if "3.1" in vector else CVSS2)(vector)
    assert "not known" not in explain(replace(KNOWN, vector=vector), NOW)[2]


@given(st.text(max_size=60), st.lists(st.text(max_size=5)), st.integers(0, 9), st.integers(0, 9))
def test_whatever_comes_there_are_six_sentences(vector, reach, exposed, fleet):
    found = explain(replace(KNOWN, vector=vector, reach=reach, exposed=exposed, fleet=fleet), NOW)
    assert len(found) == 6
    assert brief(replace(KNOWN, vector=vector, reach=reach, exposed=exposed, fleet=fleet)).count("; ") == 4
    assert all(one.endswith(".") for one in found)


@given(st.sets(st.sampled_from(REACHES), min_size=1))
def test_the_widest_reach_is_said(reach):
    widest = min(reach, key=REACHES.index)
    assert explain(replace(KNOWN, reach=tuple(reach)), NOW) == explain(replace(KNOWN, reach=(widest,)), NOW)
