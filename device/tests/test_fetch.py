import hashlib
import shutil
from collections import namedtuple

import pytest

from careful_device.errors import AgentError, AnswerError, Refusal, WireError
from careful_device.fetch import fetch
from careful_device.model import Target

CONTENT = bytes(range(256)) * 1000
SIGNED = hashlib.sha256(CONTENT).hexdigest()
TARGET = Target(path="p", length=len(CONTENT), sha256=SIGNED, product="p", hardware=(), version="1", security_version=1)


@pytest.fixture
def get(device, maker, tmp_path):
    """Fetch the maker's blob `x`."""
    device.settle()
    maker.blobs["x"] = CONTENT
    maker.requests.clear()
    return lambda: fetch(device.agent.client, f"{maker.url}/blob/x", TARGET, tmp_path / "downloads")


def held(tmp_path):
    return sorted(path.name for path in (tmp_path / "downloads").iterdir())


def test_the_signed_bytes_arrive(get, tmp_path):
    assert get().read_bytes() == CONTENT
    assert held(tmp_path) == [SIGNED]


def test_what_is_there_already_is_checked_and_not_fetched_again(get, maker):
    get()
    get()
    assert len(maker.requests) == 1


def test_what_was_damaged_on_disk_is_refused_then_fetched_again(get):
    get().write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(Refusal, match="^tampered: "):
        get()
    assert get().read_bytes() == CONTENT


def test_it_goes_on_where_it_broke_off(get, maker):
    maker.cut_after = 5000
    with pytest.raises(WireError):
        get()
    assert get().read_bytes() == CONTENT
    assert [ranged for _verb, _path, ranged in maker.requests] == [None, "bytes=5000-"]


def test_other_bytes_of_the_same_length_are_forgotten(get, maker, tmp_path):
    maker.blobs["x"] = b"!" + CONTENT[1:]
    with pytest.raises(Refusal, match="^tampered: what arrived has SHA-256"):
        get()
    assert held(tmp_path) == []


def test_more_bytes_than_were_signed_are_not_swallowed(get, maker, tmp_path):
    maker.blobs["x"] = CONTENT * 20
    with pytest.raises(Refusal, match="^tampered: .* bytes arrived"):
        get()
    assert held(tmp_path) == []


@pytest.mark.parametrize("status", [404, 416, 500])
def test_an_error_is_said_and_what_is_held_does_not_stand_in_the_way(get, maker, tmp_path, status):
    maker.cut_after = 5000
    with pytest.raises(WireError):
        get()
    maker.broken["/blob/"] = status
    with pytest.raises(AnswerError, match=str(status)):
        get()
    maker.broken.clear()
    assert get().read_bytes() == CONTENT


def test_another_orders_leavings_go(get, tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "old.part").write_bytes(b"x")
    get()
    assert held(tmp_path) == [SIGNED]


def test_a_full_disk_is_said_before_anything_is_fetched(get, maker, monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 (as shutil's own)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 1, 1))
    with pytest.raises(AgentError, match="no room for 256000 bytes"):
        get()
    assert maker.requests == []


def test_a_redirect_is_followed_without_showing_who_we_are(get, maker):
    maker.redirects["x"] = f"{maker.url}/store/x"
    assert get().read_bytes() == CONTENT
    assert maker.shown_to_store == [False]


def test_a_store_that_calls_a_part_200_is_understood(get, maker, tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / f"{SIGNED}.part").write_bytes(CONTENT[:5000])
    maker.redirects["x"] = f"{maker.url}/store/x"
    assert get().read_bytes() == CONTENT


@pytest.mark.parametrize("place", ["http://127.0.0.1/store/x", "", "file:///etc/passwd", "ftp://x/y"])
def test_a_redirect_leads_to_https_or_nowhere(get, maker, place):
    maker.redirects["x"] = place
    with pytest.raises(AgentError):
        get()


def test_a_redirect_leads_on_only_once(get, maker):
    maker.redirects["x"] = f"{maker.url}/blob/x"
    with pytest.raises(AnswerError):
        get()
