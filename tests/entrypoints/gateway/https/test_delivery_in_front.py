"""Debian's nginx or lighttpd in front of the real application: we decide who gets a file, they send it."""

import hashlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from makers import Maker

from careful import devices, updates
from careful.entrypoints.gateway.https.app import create_app
from careful.kernel.work import World

PLACES = "/usr/sbin:/usr/bin"
CONTENT = bytes(range(256)) * 8000
NGINX = """
{user}
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_set_header Host $http_host;
    }}
    location /careful-artifacts/ {{
      internal;
      alias {artifacts}/;
    }}
  }}
}}
"""
LIGHTTPD = """
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


@dataclass(frozen=True)
class Server:
    """One that stands in front: its program, package and configuration, how it is started, and what it is told."""

    program: str
    package: str
    config: str
    arguments: tuple[str, ...]
    settings: dict[str, object]


SERVERS = {
    "nginx": Server(
        "nginx", "nginx-light", NGINX, ("-p", "{folder}", "-c", "conf"),
        {"artifact_delivery": "x-accel", "download_rate": 10_000_000},
    ),
    "lighttpd": Server(
        "lighttpd", "lighttpd", LIGHTTPD, ("-D", "-f", "{folder}/conf"), {"artifact_delivery": "x-sendfile"}
    ),
}  # fmt: skip


@pytest.fixture(params=SERVERS)
def server(request):
    return SERVERS[request.param]


@pytest.fixture
def world(world, server):
    settings = world.settings.model_copy(update=server.settings)
    return World(world.database, world.clock, settings, world.keys, world.home)


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
def front(world, maker, server, serve, tmp_path):
    """The address of the server in front."""
    if shutil.which(server.program, path=PLACES) is None:
        pytest.fail(f"{server.program} is needed: apt-get install {server.package}")
    folder = tmp_path / "front"
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serve(uvicorn.Config(create_app(world), host="127.0.0.1", log_config=None)) as running:
        artifacts = world.home / "artifacts" / "sha256"
        user = "user root;" if os.geteuid() == 0 else ""
        config = server.config.format(folder=folder, port=port, behind=running.port, artifacts=artifacts, user=user)
        (folder / "conf").write_text(config)
        command = [server.program, *(one.format(folder=folder) for one in server.arguments)]
        process = subprocess.Popen(command, env={"PATH": PLACES})
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


def test_it_sends_what_we_allow(world, maker, front, staff):
    order = updates.order_for(world, "cam-1-001")
    url = f"{front}/default/controller/v1/cam-1-001/softwaremodules/{order.id}/artifacts/cam-1-1.0.1.img"
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


@pytest.mark.parametrize("server", ["nginx"], indirect=True)
def test_nobody_reaches_the_files_around_us(world, maker, front):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert httpx.get(f"{front}/careful-artifacts/{sha256[:2]}/{sha256}").status_code == 404


def test_tuf_targets_too(world, maker, front):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    answer = httpx.get(f"{front}/tuf/cam-1/targets/1.0.1/{sha256}.cam-1-1.0.1.img")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert "immutable" in answer.headers["cache-control"]


def test_an_altered_file_is_found_before_it_is_sent(world, maker, front, staff):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    url = f"{front}/tuf/cam-1/targets/1.0.1/{sha256}.cam-1-1.0.1.img"
    assert httpx.get(url).status_code == 200
    path = world.home / "artifacts" / "sha256" / sha256[:2] / sha256
    path.write_bytes(b"!" + CONTENT[1:])
    answer = httpx.get(url)
    assert answer.status_code == 503
    assert "altered" in answer.text
