"""Files in ranges, by the letter of RFC 9110."""

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from careful import releases
from careful.entrypoints.gateway.https import artifacts
from careful.entrypoints.gateway.https.artifacts import RANGES_MOST, Delivery, Tampered, file_response, ranges
from careful.entrypoints.gateway.https.errors import refusal
from careful.kernel import ledger
from careful.kernel.errors import CarefulError
from careful.kernel.work import World

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def http(tmp_path):
    (tmp_path / "a.img").write_bytes(CONTENT)

    async def genuine(request):
        return file_response(request, tmp_path / request.path_params["name"], "a.img", "t1")

    async def tampered(request):
        return Tampered(file_response(request, tmp_path / "a.img", "a.img", "t1"))

    routes = [Route("/genuine/{name}", genuine), Route("/tampered", tampered)]
    with TestClient(Starlette(routes=routes, exception_handlers={CarefulError: refusal})) as client:
        yield client


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        pytest.param("if-none-match", '"t1"', 304, id="known"),
        pytest.param("if-none-match", 'W/"t1", "x"', 304, id="known, weakly, among others"),
        pytest.param("if-none-match", '"t2"', 200, id="changed"),
        pytest.param("if-match", '"t1"', 200, id="still that"),
        pytest.param("if-match", "*", 200, id="anything"),
        pytest.param("if-match", '"t2"', 412, id="no longer that"),
        pytest.param("range", "bytes=0-0", 206, id="one byte"),
        pytest.param("range", f"bytes={len(CONTENT)}-", 416, id="beyond the end"),
    ],
)
def test_conditions(http, header, value, status):
    answer = http.get("/genuine/a.img", headers={header: value})
    assert answer.status_code == status
    assert answer.headers.get("etag", '"t1"') == '"t1"'


SIZE = len(CONTENT)
IGNORED = [
    pytest.param("items=0-5", id="another unit"),
    pytest.param("bytes 0-5", id="no equals sign"),
    pytest.param("bytes=", id="no range"),
    pytest.param("bytes=,", id="an empty list"),
    pytest.param("bytes=-", id="neither end"),
    pytest.param("bytes=5-4", id="the last before the first"),
    pytest.param("bytes=a-b", id="letters"),
    pytest.param("bytes=+1-5", id="a sign"),
    pytest.param("bytes=1_0-20", id="Python's digits"),
    pytest.param("bytes=0-5,x", id="one right, one wrong"),
    pytest.param("bytes=1-2-3", id="two dashes"),
    pytest.param("bytes=0 - 5", id="spaces within"),
    pytest.param(f"bytes={'9' * 5000}-", id="a number without end"),
    pytest.param("bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(RANGES_MOST + 1)), id="too many"),
    pytest.param("", id="empty"),
]


@pytest.mark.parametrize("header", IGNORED)
def test_what_makes_no_sense_is_passed_over(http, header):
    """RFC 9110 section 14.2: a unit that is not understood must be ignored, an invalid set may be."""
    answer = http.get("/genuine/a.img", headers={"range": header})
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(f"bytes={SIZE}-", id="after the end"),
        pytest.param(f"bytes={SIZE}-{SIZE + 5},{'9' * 19}-", id="several after the end"),
        pytest.param("bytes=-0", id="the last none"),
    ],
)
def test_what_is_not_in_the_file_cannot_be_satisfied(http, header):
    answer = http.get("/genuine/a.img", headers={"range": header})
    assert (answer.status_code, answer.headers["content-range"], answer.content) == (416, f"bytes */{SIZE}", b"")
    stale = http.get("/genuine/a.img", headers={"range": header, "if-range": '"t0"'})
    assert (stale.status_code, stale.content) == (200, CONTENT), "the range no longer applies"


@pytest.mark.parametrize(
    ("header", "said", "body"),
    [
        pytest.param("BYTES=0-4", f"bytes 0-4/{SIZE}", CONTENT[:5], id="units in any letters"),
        pytest.param("bytes= 1-2 ,", f"bytes 1-2/{SIZE}", CONTENT[1:3], id="an empty element"),
        pytest.param("bytes=-99999999", f"bytes 0-{SIZE - 1}/{SIZE}", CONTENT, id="more at the end than there is"),
        pytest.param(f"bytes=5-6,{SIZE}-", f"bytes 5-6/{SIZE}", CONTENT[5:7], id="one in the file, one behind it"),
        pytest.param("bytes=4-9,0-5,10-11", f"bytes 0-11/{SIZE}", CONTENT[:12], id="overlapping ones are one"),
    ],
)
def test_what_is_in_the_file_is_sent(http, header, said, body):
    answer = http.get("/genuine/a.img", headers={"range": header})
    assert (answer.status_code, answer.headers["content-range"], answer.content) == (206, said, body)


def test_several_ranges_come_in_parts(http):
    answer = http.get("/genuine/a.img", headers={"range": "bytes=0-1,10-11"})
    assert answer.status_code == 206
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert re.findall(rb"Content-Range: bytes ([0-9-]+)/", answer.content) == [b"0-1", b"10-11"]


def test_a_range_means_nothing_to_head(http):
    answer = http.head("/genuine/a.img", headers={"range": "bytes=0-1"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(SIZE))


@given(st.text(alphabet="bytes=0123456789-, ", max_size=40), st.integers(0, 50))
def test_ranges_are_in_the_file_in_order_and_apart(header, size):
    found = ranges(f"bytes={header}", size)
    before = -2
    for first, last in found or ():
        assert before + 1 < first <= last < size
        before = last
    assert len(found or ()) <= RANGES_MOST


def test_what_is_not_there(http):
    assert http.get("/genuine/b.img").status_code == 404


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=5-"}, {"range": "bytes=0-9,20-29"}])
def test_a_tampered_file_has_its_length_and_other_bytes(http, headers):
    answer = http.get("/tampered", headers=headers)
    assert (answer.status_code, len(answer.content)) == (200, len(CONTENT))
    different = sum(one != other for one, other in zip(answer.content, CONTENT, strict=True))
    assert 1 <= different <= 10


@pytest.fixture
def delivered(world, tmp_path, request):
    """Files as `Delivery` sends them, with settings of one's own."""
    (tmp_path / "image").write_bytes(CONTENT)
    kept = releases.keep_extra(world, tmp_path / "image")
    clients = contextlib.ExitStack()

    def make(**more):
        changed = World(world.database, world.clock, world.settings.model_copy(update=more), world.keys, world.home)
        delivery = Delivery(changed)

        async def answer(request):
            return await delivery.answer(request, kept.sha256, "a.img", "t1", here="here" in request.query_params)

        app = Starlette(routes=[Route("/a.img", answer)], exception_handlers={CarefulError: refusal})
        return clients.enter_context(TestClient(app)), world.home / "artifacts" / "sha256" / kept.sha256[
            :2
        ] / kept.sha256

    with clients:
        yield make


def test_x_sendfile_names_the_file_and_sends_nothing(delivered):
    http, path = delivered(artifact_delivery="x-sendfile")
    answer = http.get("/a.img")
    assert (answer.status_code, answer.content, answer.headers["x-sendfile"]) == (200, b"", str(path))
    assert http.get("/a.img?here").content == CONTENT
    assert http.get("/a.img", headers={"if-none-match": '"t1"'}).status_code == 304


def test_a_file_is_compared_with_its_digest_before_it_is_served(delivered, world):
    http, path = delivered()
    assert http.get("/a.img").content == CONTENT
    path.write_bytes(CONTENT[:-1] + b"!")
    for _ in range(3):
        assert http.get("/a.img").status_code == 503
    with world.look() as connection:
        [told] = ledger.read(connection, names=["releases.artifact_altered"])
    assert told.data["artifact"] == path.name
    path.write_bytes(CONTENT)
    assert http.get("/a.img").content == CONTENT


def test_a_download_keeps_to_its_rate(delivered):
    http, _path = delivered(download_rate=len(CONTENT))
    began = time.monotonic()
    assert http.get("/a.img").content == CONTENT
    assert 0.7 < time.monotonic() - began < 5


def test_who_finds_no_place_is_asked_to_come_back(delivered, monkeypatch):
    monkeypatch.setattr(artifacts, "_WAIT_SECONDS", 0.2)
    http, _path = delivered(download_at_once=1, download_rate=len(CONTENT))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: http.get("/a.img"), range(2)))
    assert sorted(one.status_code for one in answers) == [200, 503]
    assert 10 <= int(next(one for one in answers if one.status_code == 503).headers["retry-after"]) <= 60
    assert http.get("/a.img").status_code == 200
