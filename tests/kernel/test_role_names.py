import pytest

from careful import people
from careful.kernel.role_names import RENAMED, ROLE_NAMES, present_names, what_instead


def test_the_names_are_those_of_the_table() -> None:
    assert tuple(people.ROLES) == ROLE_NAMES
    assert not set(RENAMED) & set(ROLE_NAMES)


@pytest.mark.parametrize(
    ("said", "now"),
    [
        pytest.param(["owner", "support"], ("administrator", "support"), id="one renamed"),
        pytest.param(["engineer"], ("firmware-engineer",), id="the other"),
        pytest.param(["king"], ("king",), id="no role of ours"),
        pytest.param([], (), id="none"),
    ],
)
def test_old_names_mean_the_same_people(said: list[str], now: tuple[str, ...]) -> None:
    assert present_names(said) == now


def test_a_wrong_name_says_what_to_write() -> None:
    assert "called `administrator` now" in what_instead("owner")
    assert "firmware-engineer" in what_instead("king")
