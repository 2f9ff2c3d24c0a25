"""What a supplier sees before anybody has bound them to one (the rest: test_suppliers, with two of them)."""

from typing import Any

import pytest

from careful import people
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_somebody_who_answers_for_nobody_sees_nothing(browser: Any, secret: bytes, stranger: Any) -> None:
    stranger.enrol(people.invite(browser.world, OPERATOR, ("supplier",)), "sam@example.org", "Sam")
    assert stranger.open("/own-items").status_code == 403
    assert "You answer for no supplier" in stranger.text
    assert browser.open("/own-items").status_code == 403
