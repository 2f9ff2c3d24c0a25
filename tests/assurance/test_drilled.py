"""What drills and signs of life tell; the recommendations' own tests go through it."""

from careful.assurance.drilled import SAYS


def test_each_kind_has_a_sentence_for_both_cases():
    for what, never in SAYS.values():
        assert what
        assert never.endswith(".")
