"""An error says what, where and what to do; nothing else."""

import pytest

from careful.kernel.errors import CarefulError, Invalid, NotFound, Problem, TooMany


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(NotFound("No device is called x."), "No device is called x.", id="what alone"),
        pytest.param(
            CarefulError("It is blank.", do="Fill it in.", where="product.yaml:3"),
            "product.yaml:3: It is blank. Fill it in.",
            id="all three",
        ),
        pytest.param(TooMany("Too many tries.", retry_after=30), "Too many tries. Try again in 30 s.", id="later"),
    ],
)
def test_text(error, text):
    assert str(error) == text


def test_problem_reads_as_a_sentence():
    problem = Problem(where="support.until", line=9, expected="a date", found="'soon'", do="Write 2034-03-31")
    assert str(problem) == "support.until (line 9): expected a date, found 'soon'. Write 2034-03-31"


def test_as_dict_lists_problems():
    error = Invalid("It does not fit.", problems=(Problem(where="a", expected="b"),))
    assert error.as_dict()["problems"] == [{"where": "a", "line": None, "expected": "b", "found": "", "do": ""}]
    assert Invalid.status == 400
