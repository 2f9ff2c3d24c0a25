"""A bucket on a real S3 server (rclone's, which checks every signature): devices get short-lived links into it."""

import hashlib
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from makers import Maker
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.testclient import TestClient

from careful import releases, updates
from careful.entrypoints.gateway.https import tuf
from careful.entrypoints.gateway.https.errors import refusal
from careful.kernel.errors import CarefulError, Unavailable
from careful.kernel.work import World

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def bucket(tmp_path):
    """An S3 server with one empty bucket; the folder behind it is given."""
    rclone = shutil.which("rclone", path=Path(sys.executable).parent)
    assert rclone, "rclone is needed: it comes with requirements/dev.txt"
    (tmp_path / "s3" / "fleet").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        rclone,
        "serve",
        "s3",
        str(tmp_path / "s3"),
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        "KEYID,SECRETKEY",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", tmp_path / "s3" / "fleet"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def world(world, bucket):
    more = {
        "artifact_bucket": "s3://fleet/images",
        "s3_endpoint": bucket[0],
        "s3_key_id": "KEYID",
        "s3_secret": SecretStr("SECRETKEY"),
        "link_seconds": 60,
    }
    return World(world.database, world.clock, world.settings.model_copy(update=more), world.keys, world.home)


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.1", content=CONTENT)
    return made


@pytest.fixture
def http(world):
    app = Starlette(routes=tuf.routes(world), exception_handlers={CarefulError: refusal})
    app.state.world = world
    with TestClient(app, follow_redirects=False) as client:
        yield client


URL = f"/tuf/cam-1/targets/1.0.1/{SHA256}.cam-1-1.0.1.img"


def test_until_the_file_is_there_we_send_it_ourselves(world, maker, http, bucket):
    assert http.get(URL).content == CONTENT
    filler = updates.BucketFiller()
    assert filler.advance(world) == 1
    assert filler.advance(world) == 0
    assert (bucket[1] / "images" / SHA256[:2] / SHA256).read_bytes() == CONTENT


def test_devices_are_sent_there_by_a_signed_link(world, maker, http):
    updates.BucketFiller().advance(world)
    answer = http.get(URL)
    assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
    link = answer.headers["location"]
    assert httpx.get(link).content == CONTENT
    assert httpx.get(link, headers={"range": "bytes=5-9"}).content == CONTENT[5:10]
    assert httpx.get(link.partition("?")[0]).status_code in {400, 403}
    assert httpx.get(link.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")).status_code == 403
    assert "SECRETKEY" not in link


def test_a_link_ends(world, maker, http):
    short = World(
        world.database, world.clock, world.settings.model_copy(update={"link_seconds": 1}), world.keys, world.home
    )
    updates.BucketFiller().advance(world)
    link = releases.Bucket(short.settings).link(SHA256)
    time.sleep(2.5)
    assert httpx.get(link).status_code in {400, 403}


def test_a_bucket_that_is_away_does_not_stand_in_the_way(world, maker):
    more = {"s3_endpoint": "http://127.0.0.1:1"}
    lost = World(world.database, world.clock, world.settings.model_copy(update=more), world.keys, world.home)
    app = Starlette(routes=tuf.routes(lost), exception_handlers={CarefulError: refusal})
    app.state.world = lost
    with TestClient(app, follow_redirects=False) as client:
        assert client.get(URL).content == CONTENT
    with pytest.raises(Unavailable, match="bucket does not answer"):
        updates.BucketFiller().advance(lost)


def test_an_altered_file_never_leaves(world, maker):
    (world.home / "artifacts" / "sha256" / SHA256[:2] / SHA256).write_bytes(b"x")
    with pytest.raises(Unavailable, match="altered on the disk"):
        updates.BucketFiller().advance(world)
