import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from careful.entrypoints.gateway.https.artifacts import Tampered, file_response
from careful.entrypoints.gateway.https.errors import refusal
from careful.kernel.errors import CarefulError

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


def test_what_is_not_there(http):
    assert http.get("/genuine/b.img").status_code == 404


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=5-"}, {"range": "bytes=0-9,20-29"}])
def test_a_tampered_file_has_its_length_and_other_bytes(http, headers):
    answer = http.get("/tampered", headers=headers)
    assert (answer.status_code, len(answer.content)) == (200, len(CONTENT))
    different = sum(one != other for one, other in zip(answer.content, CONTENT, strict=True))
    assert 1 <= different <= 10
