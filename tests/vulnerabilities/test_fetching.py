"""Fetching with a real client against an answering function: conditions, pauses, limits."""

import httpx
import pytest
from feed_server import FeedServer

from careful.kernel.errors import TooLarge, Unavailable
from careful.vulnerabilities import fetching

URL = "https://feeds.example/all.zip"
DATE = {"Date": "Mon, 02 Nov 2026 09:00:00 GMT"}


def client(answer):
    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_file_is_fetched_with_what_makes_the_next_time_short(tmp_path):
    def answer(request):
        assert "If-None-Match" not in request.headers
        return httpx.Response(200, content=b"content", headers=DATE | {"ETag": '"1"', "Last-Modified": "yesterday"})

    got = fetching.fetch(client(answer), URL, tmp_path / "file")
    assert (got.changed, got.etag, got.last_modified) == (True, '"1"', "yesterday")
    assert got.at.isoformat() == "2026-11-02T09:00:00+00:00"
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("known", "header"),
    [({"etag": '"1"'}, ("If-None-Match", '"1"')), ({"last_modified": "then"}, ("If-Modified-Since", "then"))],
)
def test_nothing_new_is_one_short_answer(tmp_path, known, header):
    def answer(request):
        assert request.headers[header[0]] == header[1]
        return httpx.Response(304, headers=DATE)

    got = fetching.fetch(client(answer), URL, tmp_path / "file", **known)
    assert not got.changed
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        pytest.param([503, 200], [2.0], id="once busy"),
        pytest.param([429, 500, 200], [2.0, 4.0], id="longer each time"),
        pytest.param([(429, {"Retry-After": "7"}), 200], [7.0], id="as long as asked"),
        pytest.param(
            [(503, {"Retry-After": "Thu, 01 Jan 2026 00:00:09 GMT", "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}), 200],
            [9.0],
            id="until when asked",
        ),
        pytest.param([(503, {"Retry-After": "later"}), 200], [2.0], id="asked in words"),
        pytest.param([(503, {"Retry-After": "100000"}), 200], [60.0], id="but not for ever"),
        pytest.param([httpx.ConnectError("no route"), 200], [2.0], id="no connection"),
    ],
)
def test_failures_are_tried_again_with_pauses(tmp_path, answers, pauses):
    waited = []
    left = iter(answers)

    def answer(_request):
        one = next(left)
        if isinstance(one, Exception):
            raise one
        status, headers = one if isinstance(one, tuple) else (one, {})
        return httpx.Response(status, content=b"x", headers=headers)

    fetching.fetch(client(answer), URL, tmp_path / "file", pause=waited.append)
    assert waited == pauses


def test_after_four_tries_it_says_so(tmp_path):
    waited = []
    with pytest.raises(Unavailable, match=r"answered 503.*mirror"):
        fetching.fetch(client(lambda _: httpx.Response(503)), URL, tmp_path / "file", pause=waited.append)
    assert len(waited) == 3


def test_what_is_not_there_is_not_asked_for_again(tmp_path):
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(404)

    with pytest.raises(Unavailable, match="404"):
        fetching.fetch(client(answer), URL, tmp_path / "file", pause=lambda _: None)
    assert len(asked) == 1


def test_what_is_too_large_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_BYTES", 10)
    with pytest.raises(TooLarge):
        fetching.fetch(client(lambda _: httpx.Response(200, content=b"x" * 11)), URL, tmp_path / "file")


def test_a_full_disk(tmp_path):
    with pytest.raises(Unavailable, match="cannot be written"):
        fetching.fetch(client(lambda _: httpx.Response(200, content=b"x")), URL, tmp_path / "missing" / "file")


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


def test_what_was_cut_off_goes_on_where_it_was(tmp_path, server):
    server.files["/all.zip"] = content = bytes(range(256)) * 40_000
    server.cut["/all.zip"] = [3_000_000, 2_000_000]
    with fetching.open_client() as opened:
        fetching.fetch(opened, f"{server.url}/all.zip", tmp_path / "file", pause=lambda _: None)
    assert (tmp_path / "file").read_bytes() == content
    assert [bool(one) for one in server.ranges("/all.zip")] == [False, True, True]
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_also_after_a_restart_but_not_when_the_file_is_another(tmp_path, server):
    server.files["/all.zip"] = bytes(20_000_000)
    with fetching.open_client() as opened:
        for again in range(2):
            server.cut["/all.zip"] = [1_000_000 - number for number in range(4)]
            with pytest.raises(Unavailable):
                fetching.fetch(opened, f"{server.url}/all.zip", tmp_path / "file", pause=lambda _: None)
            assert bool(server.ranges("/all.zip")[4 * again]) == bool(again)
        server.files["/all.zip"] = b"new" * 1_000_000
        fetching.fetch(opened, f"{server.url}/all.zip", tmp_path / "file", pause=lambda _: None)
        assert (tmp_path / "file").read_bytes() == b"new" * 1_000_000
        fetching.fetch(opened, f"{server.url}/all.zip", tmp_path / "file", pause=lambda _: None)
    assert server.ranges("/all.zip")[-1] == ""


def test_through_a_proxy(tmp_path, server, monkeypatch):
    server.files["/all.json"] = b"{}"
    with FeedServer() as proxy:
        proxy.files["http://feeds.example/all.json"] = b"[1]"
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with fetching.open_client() as opened:
            fetching.fetch(opened, "http://feeds.example/all.json", tmp_path / "file", pause=lambda _: None)
    assert (tmp_path / "file").read_bytes() == b"[1]"


def test_the_client_says_who_asks_and_follows_the_environments_proxy(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with fetching.open_client() as opened:
        assert opened.headers["User-Agent"].startswith("careful/")
        assert opened.trust_env


def test_a_beginning_that_is_longer_than_the_file_is_let_go(tmp_path):
    (tmp_path / "file.part").write_bytes(b"x" * 9)
    (tmp_path / "file.part.from").write_text(f'{URL}\n"tag"')
    asked = []

    def answer(request):
        asked.append(request.headers.get("Range", ""))
        return httpx.Response(416) if asked[-1] else httpx.Response(200, content=b"new")

    fetching.fetch(client(answer), URL, tmp_path / "file")
    assert asked == ["bytes=9-", ""]
    assert (tmp_path / "file").read_bytes() == b"new"


def test_an_address_that_is_none(tmp_path):
    with fetching.open_client() as opened, pytest.raises(Unavailable, match="could not be fetched"):
        fetching.fetch(opened, "http://[", tmp_path / "file", pause=lambda _: None)
