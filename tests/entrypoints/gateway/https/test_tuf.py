import json

import pytest
from makers import Maker
from starlette.applications import Starlette
from starlette.testclient import TestClient

from careful.entrypoints.gateway.https import tuf
from careful.entrypoints.gateway.https.errors import refusal
from careful.kernel.errors import CarefulError


@pytest.fixture
def http(world, staff, tmp_path):
    Maker(world, staff, tmp_path).release("1.0.0", content=b"genuine")
    with TestClient(Starlette(routes=tuf.routes(world), exception_handlers={CarefulError: refusal})) as client:
        yield client


def test_the_repository_is_served_as_it_is(http):
    timestamp = http.get("/tuf/cam-1/metadata/timestamp.json")
    assert timestamp.headers["cache-control"] == "no-cache"
    number = timestamp.json()["signed"]["meta"]["snapshot.json"]["version"]
    snapshot = http.get(f"/tuf/cam-1/metadata/{number}.snapshot.json")
    assert "immutable" in snapshot.headers["cache-control"]
    number = snapshot.json()["signed"]["meta"]["releases.json"]["version"]
    targets = json.loads(http.get(f"/tuf/cam-1/metadata/{number}.releases.json").content)["signed"]["targets"]
    [(path, target)] = targets.items()
    folder, _, name = path.partition("/")
    url = f"/tuf/cam-1/targets/{folder}/{target['hashes']['sha256']}.{name}"
    assert http.get(url).content == b"genuine"
    assert http.get(url, headers={"range": "bytes=3-"}).content == b"uine"
    assert http.head(url).headers["content-length"] == "7"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/tuf/cam-1/metadata/2.root.json", id="no next root"),
        pytest.param("/tuf/cam-9/metadata/timestamp.json", id="no such product"),
        pytest.param("/tuf/cam-1/metadata/..%2flock", id="a way out"),
        pytest.param("/tuf/..%2f../metadata/timestamp.json", id="a way out by the product"),
        pytest.param("/tuf/cam-1/targets/..%2f..%2fmetadata/1.root.json", id="a way out by the version"),
        pytest.param(f"/tuf/cam-1/targets/1.0.0/{'a' * 64}.nothing", id="no such target"),
        pytest.param("/tuf/cam-1/targets/1.0.0/cam-1-1.0.0.img", id="a name without its digest"),
        pytest.param("/tuf/cam-1/targets/.%00/x", id="a zero byte"),
    ],
)
def test_nothing_else_is_served(http, path):
    assert http.get(path).status_code == 404
