"""Which names a site answers to."""

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from careful.entrypoints.names import KnownHosts, hostname, is_from_own_page, origin_of
from careful.kernel.errors import CarefulError

HOME = "http://localhost:8080"
NAMES = ("localhost", "127.0.0.1")


class Site:
    """A site behind the rule, that says what it refuses."""

    def __init__(self) -> None:
        self.inside = KnownHosts(self.page, home=HOME, names=NAMES, everywhere="/api/")

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(Request(scope).url.path)(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.inside(scope, receive, send)
        except CarefulError as refusal:
            await PlainTextResponse(refusal.what, refusal.status)(scope, receive, send)


@pytest.fixture
def client() -> TestClient:
    return TestClient(Site(), base_url=HOME, follow_redirects=False)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("localhost:8080", 200, id="our address"),
        pytest.param("LOCALHOST:8080", 200, id="in capitals"),
        pytest.param("127.0.0.1:8080", 307, id="another name of ours is led home"),
        pytest.param("evil.example", 400, id="a foreign name"),
        pytest.param("localhost.evil.example", 400, id="a foreign name that looks like ours"),
        pytest.param("localhost@evil.example", 400, id="user part"),
        pytest.param("evil@localhost", 400, id="user part before our name"),
        pytest.param("localhost/evil", 400, id="a path in it"),
        pytest.param("localhost?x", 400, id="a query in it"),
        pytest.param("localhost#x", 400, id="a fragment in it"),
        pytest.param("localhost:8080.evil.example", 400, id="a port that is none"),
        pytest.param("[", 400, id="malformed"),
        pytest.param("", 400, id="empty"),
    ],
)
def test_names(client: TestClient, host: str, status: int) -> None:
    answer = client.get("/sign-in?next=%2Fdevices", headers={"host": host})
    assert answer.status_code == status
    if status == 307:
        assert answer.headers["location"] == f"{HOME}/sign-in?next=%2Fdevices"


def test_a_form_is_not_led_elsewhere(client: TestClient) -> None:
    assert client.post("/sign-in", headers={"host": "127.0.0.1:8080"}).status_code == 403


def test_what_is_for_programs_answers_under_every_name_of_ours_and_no_other(client: TestClient) -> None:
    assert client.post("/api/v1/x", headers={"host": "127.0.0.1:8080"}).status_code == 200
    assert client.post("/api/v1/x", headers={"host": "evil.example"}).status_code == 400


def test_two_names_are_none() -> None:
    sent: list[int] = []

    async def send(message: dict) -> None:  # type: ignore[type-arg]
        sent.extend([message["status"]] if "status" in message else [])

    async def receive() -> dict:  # type: ignore[type-arg]
        return {"type": "http.request"}

    import anyio  # noqa: PLC0415 (only here)

    headers = [(b"host", b"localhost:8080"), (b"host", b"evil.example")]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    anyio.run(Site(), scope, receive, send)
    assert sent == [400]


def test_a_name_in_the_path_is_no_name_of_the_server(client: TestClient) -> None:
    answer = client.get("//evil.example/x", headers={"host": "127.0.0.1:8080"})
    assert answer.headers["location"].startswith(f"{HOME}/")


def test_the_name_in_a_header() -> None:
    assert hostname("[2001:db8::1]:443") == "2001:db8::1"
    assert hostname("a\tb") == ""


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        pytest.param("http://localhost:8080", "http://localhost:8080", id="port"),
        pytest.param("https://careful.example:443/", "https://careful.example", id="default port"),
        pytest.param("https://[2001:db8::1]:8080", "https://[2001:db8::1]:8080", id="IPv6"),
    ],
)
def test_origin(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        pytest.param({"sec-fetch-site": "same-origin"}, True, id="the browser says so"),
        pytest.param({"sec-fetch-site": "same-origin", "origin": "https://a.example"}, True, id="and names it"),
        pytest.param({"sec-fetch-site": "same-origin", "origin": "https://b.example"}, False, id="but names another"),
        pytest.param({"sec-fetch-site": "same-site", "origin": "https://a.example"}, False, id="a sister site"),
        pytest.param({"sec-fetch-site": "none"}, False, id="typed"),
        pytest.param({"origin": "https://a.example"}, True, id="an older browser"),
        pytest.param({"origin": "null"}, False, id="hidden"),
        pytest.param({}, False, id="nothing said"),
    ],
)
def test_what_comes_from_a_page_of_ones_own(headers: dict[str, str], own: bool) -> None:
    assert is_from_own_page(Headers(headers), "https://a.example") is own
