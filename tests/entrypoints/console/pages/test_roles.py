"""The page of roles: every role, every right, in words."""

from typing import Any

import pytest

from careful import people

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_table_is_readable(browser: Any, secret: bytes) -> None:
    browser.open("/roles")
    text = browser.text
    assert "Yours: administrator." in text
    for role, says in people.ROLE_SAYS.items():
        assert role in text
        assert says in text
    assert "read, add, sign, withdraw" in text
