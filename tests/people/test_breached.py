"""A maker's own list of breached passwords, in both forms."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.kernel.errors import Unavailable
from careful.people.breached import is_breached


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


WORDS = st.text(st.characters(codec="utf-8"), max_size=4)


@given(st.sets(WORDS, max_size=40), WORDS)
@settings(max_examples=60, deadline=None)
def test_one_sorted_file_holds_what_it_lists_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, listed: set[str], other: str
) -> None:
    path = tmp_path_factory.mktemp("lists") / "sorted.txt"
    path.write_text("".join(f"{one}:{number}\n" for number, one in enumerate(sorted(map(sha1, listed)))))
    assert all(is_breached(path, one) for one in listed)
    assert is_breached(path, other) is (other in listed)


@pytest.mark.parametrize("name", ["5BAA6", "5BAA6.txt"])
def test_a_folder_of_ranges(tmp_path: Path, name: str) -> None:
    assert sha1("password").startswith("5BAA6")
    listed = b"0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:9659365\r\n"
    (tmp_path / name).write_bytes(listed)
    assert is_breached(tmp_path, "password")
    (tmp_path / name).write_bytes(b"0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n")
    assert not is_breached(tmp_path, "password")


def test_a_list_that_cannot_be_read_lets_nothing_through(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(Unavailable, match="cannot be read"):
            is_breached(missing, "password")
