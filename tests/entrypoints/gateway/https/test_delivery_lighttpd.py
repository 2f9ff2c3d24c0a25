"""Debian's lighttpd in front of the real application: we decide who gets a file, lighttpd sends it (X-Sendfile)."""

import hashlib
import shutil
import socket
import subprocess
import time

import httpx
import pytest
import uvicorn
from makers import Maker

from careful import devices, updates
from careful.entrypoints.gateway.https.app import create_app
from careful.kernel.work import World

PLACES = "/usr/sbin:/usr/bin"
CONTENT = bytes(range(256)) * 8000
CONFIG = """
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/error.log"
server.modules = ( "mod_proxy" )
proxy.server = ( "" => ( (
  "host" => "127.0.0.1", "port" => {behind},
  "x-sendfile" => "enable", "x-sendfile-docroot" => ( "{artifacts}" )
) ) )
"""


@pytest.fixture
def world(world, tmp_path):
    more = {"artifact_delivery": "x-sendfile"}
    return World(world.database, world.clock, world.settings.model_copy(update=more), world.keys, world.home)


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.device("cam-1-001")
    made.release("1.0.1", content=CONTENT)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return made


@pytest.fixture
def lighttpd(world, maker, serve, tmp_path):
    if shutil.which("lighttpd", path=PLACES) is None:
        pytest.fail("lighttpd is needed: apt-get install lighttpd")
    folder = tmp_path / "lighttpd"
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serve(uvicorn.Config(create_app(world), host="127.0.0.1", log_config=None)) as running:
        artifacts = world.home / "artifacts" / "sha256"
        config = folder / "lighttpd.conf"
        config.write_text(CONFIG.format(folder=folder, port=port, behind=running.port, artifacts=artifacts))
        process = subprocess.Popen(["lighttpd", "-D", "-f", str(config)], env={"PATH": PLACES})
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def address(world, maker, lighttpd):
    order = updates.order_for(world, "cam-1-001")
    return f"{lighttpd}/default/controller/v1/cam-1-001/softwaremodules/{order.id}/artifacts/cam-1-1.0.1.img"


def test_lighttpd_sends_what_we_allow(world, maker, lighttpd, staff):
    url = address(world, maker, lighttpd)
    token = {"authorization": f"TargetToken {devices.set_target_token(world, staff, 'cam-1-001')}"}
    assert httpx.get(url).status_code == 401
    whole = httpx.get(url, headers=token)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    part = httpx.get(url, headers={**token, "range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(CONTENT)}"
    head = httpx.head(url, headers=token)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(CONTENT)))
    resumed = {**token, "range": f"bytes={len(CONTENT) - 5}-", "if-range": whole.headers["etag"]}
    assert httpx.get(url, headers=resumed).content == CONTENT[-5:]
    several = httpx.get(url, headers={**token, "range": "bytes=0-1,10-11"})
    assert several.status_code == 206
    sha1 = hashlib.sha1(CONTENT).hexdigest()  # noqa: S324 (DDI's own digest)
    assert httpx.get(url, headers={**token, "if-none-match": f'"{sha1}"'}).status_code == 304


def test_tuf_targets_too(world, maker, lighttpd):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    answer = httpx.get(f"{lighttpd}/tuf/cam-1/targets/1.0.1/{sha256}.cam-1-1.0.1.img")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert "immutable" in answer.headers["cache-control"]


def test_an_altered_file_is_found_before_lighttpd_hears_of_it(world, maker, lighttpd, staff):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    url = f"{lighttpd}/tuf/cam-1/targets/1.0.1/{sha256}.cam-1-1.0.1.img"
    assert httpx.get(url).status_code == 200
    path = world.home / "artifacts" / "sha256" / sha256[:2] / sha256
    path.write_bytes(b"!" + CONTENT[1:])
    answer = httpx.get(url)
    assert answer.status_code == 503
    assert "altered" in answer.text
