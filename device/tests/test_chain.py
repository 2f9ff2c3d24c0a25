"""The nonce to show next."""

import pytest

from careful_device.chain import BEGIN, Chain


def test_it_begins_and_goes_on(tmp_path):
    chain = Chain(tmp_path / "nonce")
    assert chain.show() == BEGIN
    chain.take(b"abc-1")
    assert Chain(tmp_path / "nonce").show() == "abc-1"
    assert (tmp_path / "nonce").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("wrong", [b"", b"a b", b"x" * 200, b"\xff", b"a\n"])
def test_what_is_no_nonce_is_left_aside(wrong, tmp_path):
    chain = Chain(tmp_path / "nonce")
    chain.take(b"good")
    chain.take(wrong)
    assert chain.show() == "good"


def test_a_broken_file_begins_anew(tmp_path):
    (tmp_path / "nonce").write_bytes(b"\x00\x01")
    assert Chain(tmp_path / "nonce").show() == BEGIN
