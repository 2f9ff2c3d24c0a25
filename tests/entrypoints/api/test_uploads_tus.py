"""Resumable uploads: by the tus protocol's own Python client on a real server, and by hand."""

import asyncio
import base64
import hashlib
import json
import threading

import pytest
import uvicorn
from tusclient.client import TusClient

from careful import people
from careful.entrypoints.api.app import create_api
from careful.kernel.actors import OPERATOR

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATCH = {"content-type": "application/offset+octet-stream"}


@pytest.fixture
def server(world):
    """The API on a port of its own; gives its address and a token."""
    running = uvicorn.Server(uvicorn.Config(create_api(world), host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()))
    thread.start()
    while not running.started:
        pass
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", people.issue_token(world, OPERATOR, "ci", ["releases:add"], 1)
    running.should_exit = True
    thread.join(20)


def test_tus_own_client_uploads_in_chunks_and_resumes(server, maker, tmp_path, caller):
    maker.declare()
    url, token = server
    (tmp_path / "cam.img").write_bytes(CONTENT)
    client = TusClient(f"{url}/uploads", headers={"Authorization": f"Bearer {token}"})
    about = {"filename": "cam.img", "sha256": SHA256}
    first = client.uploader(str(tmp_path / "cam.img"), chunk_size=100_000, metadata=about)
    first.upload_chunk()
    again = client.uploader(str(tmp_path / "cam.img"), chunk_size=100_000, url=first.url)
    assert again.offset == 100_000
    again.upload()
    assert again.offset == len(CONTENT)


SIZE = len(CONTENT)


def begin(api, size=SIZE, **about):
    said = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in about.items())
    return api.post("/uploads", headers={"upload-length": str(size), "upload-metadata": said})


def test_a_release_of_an_upload(api, maker):
    maker.declare()
    made = begin(api, filename="cam.img", sha256=SHA256)
    assert made.status_code == 201
    assert made.headers["tus-resumable"] == "1.0.0"
    place = made.headers["location"]
    assert api.patch(place, headers={**PATCH, "upload-offset": "0"}, content=CONTENT[:1000]).status_code == 204
    assert api.head(place).headers["upload-offset"] == "1000"
    done = api.patch(place, headers={**PATCH, "upload-offset": "1000"}, content=CONTENT[1000:])
    assert done.headers["upload-offset"] == str(len(CONTENT))
    form = {"product": "cam-1", "version": "1.0.0", "hardware": ["rev-a"], "upload": place.rpartition("/")[2]}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
    added = api.post("/releases", data=form, files={"sbom": ("sbom.json", json.dumps(bom).encode())})
    assert added.status_code == 201, added.text
    assert added.json()["release"]["artifact"]["sha256"] == SHA256
    assert added.json()["release"]["artifact"]["filename"] == "cam.img"
    assert api.head(place).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"upload-offset": "5", **PATCH}, 409),
        ({"upload-offset": "x", **PATCH}, 400),
        ({**PATCH}, 400),
        ({"upload-offset": "0", "content-type": "text/plain"}, 400),
    ],
)
def test_patches_that_are_refused(api, headers, status):
    place = begin(api, filename="a").headers["location"]
    assert api.patch(place, headers=headers, content=b"x").status_code == status


def test_what_cannot_be_begun(api):
    assert api.post("/uploads").status_code == 400
    assert begin(api, 10**13).status_code == 413
    assert api.post("/uploads", headers={"upload-length": "1", "upload-metadata": "filename !"}).status_code == 400


def test_it_can_be_dropped_and_is_nobody_elses(api, caller):
    place = begin(api, filename="a").headers["location"]
    assert caller("releases:add").head(place).status_code == 404
    assert caller("releases:read").head(place).status_code == 403
    assert api.delete(place).status_code == 204
    assert api.head(place).status_code == 404


def test_neither_image_nor_upload(api, maker):
    maker.declare()
    form = {"product": "cam-1", "version": "1.0.0", "hardware": ["rev-a"]}
    assert api.post("/releases", data=form, files={"sbom": ("s.json", b"{}")}).status_code == 400
