"""Debian's nginx ends the devices' TLS and vouches for them: believed where the operator named it, else not."""

import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import time

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from makers import Maker

from careful import devices, updates
from careful.entrypoints.gateway.https.app import create_app
from careful.kernel.work import World

CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $ssl_client_s_dn $device {{ default ""; ~(^|,)CN=(?<name>[A-Za-z0-9_-]+)$ $name; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    ssl_client_certificate {trust};
    ssl_verify_client on;
    ssl_verify_depth 2;
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_set_header Host $http_host;
      proxy_set_header Client-Cert "";
      proxy_set_header X-Controller-Id $device;
      proxy_set_header X-Authority {authority};
    }}
  }}
}}
"""


@pytest.fixture
def proxies():
    return ("127.0.0.1",)


@pytest.fixture
def world(world, proxies):
    settings = world.settings.model_copy(update={"device_proxies": proxies})
    return World(world.database, world.clock, settings, world.keys, world.home)


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.device("cam-1-001")
    made.device("cam-1-002")
    made.release("1.0.1", content=b"image" * 999)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return made


@pytest.fixture
def nginx(world, maker, serve, tmp_path):
    if shutil.which("nginx") is None and not os.path.exists("/usr/sbin/nginx"):  # noqa: PTH110 (a tool's place)
        pytest.fail("nginx is needed: apt-get install nginx-light")
    folder = tmp_path / "nginx"
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key, chain = devices.issue_server_certificate(world)
    authority = hashlib.sha256(devices.authority_chain(world)[0]).hexdigest()
    with serve(uvicorn.Config(create_app(world), host="127.0.0.1", log_config=None)) as running:
        config = CONFIG.format(
            folder=folder, port=port, behind=running.port, key=key, chain=chain, authority=authority,
            trust=devices.authority_bundle_path(world),
        )  # fmt: skip
        (folder / "nginx.conf").write_text(("user root;\n" if os.geteuid() == 0 else "") + config)
        process = subprocess.Popen(["nginx", "-p", str(folder), "-c", "nginx.conf"], env={"PATH": "/usr/sbin:/usr/bin"})
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"https://localhost:{port}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def device(world, maker, tmp_path):
    """A client with the certificate of a device."""

    def made(name):
        shown = x509.load_der_x509_certificate(maker.certificates[name]).public_bytes(Encoding.PEM)
        # The chain too: nginx follows it to the root, which stands in its trust file.
        issuer = x509.load_der_x509_certificate(devices.authority_chain(world)[0]).public_bytes(Encoding.PEM)
        (tmp_path / f"{name}.crt").write_bytes(shown + issuer)
        key = maker.keys[name].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / f"{name}.key").write_bytes(key)
        context = ssl.create_default_context(cafile=str(devices.authority_bundle_path(world)))
        context.load_cert_chain(tmp_path / f"{name}.crt", tmp_path / f"{name}.key")
        return httpx.Client(verify=context)

    return made


def test_a_device_is_updated_through_it(world, nginx, device):
    with device("cam-1-001") as client:
        told = client.get(f"{nginx}/default/controller/v1/cam-1-001")
        assert told.status_code == 200, told.text
        link = told.json()["_links"]["deploymentBase"]["href"]
        assert link.startswith(f"{nginx}/")  # over the proxy, and over TLS
        [artifact] = client.get(link).json()["deployment"]["chunks"][0]["artifacts"]
        assert client.get(artifact["_links"]["download"]["href"]).content == b"image" * 999


def test_nobody_is_another_by_a_header_of_its_own(world, nginx, device):
    with device("cam-1-002") as client:
        forged = {"X-Controller-Id": "cam-1-001", "X-Authority-1": "0" * 64}
        for headers in ({}, forged):
            assert client.get(f"{nginx}/default/controller/v1/cam-1-001", headers=headers).status_code == 403


@pytest.mark.parametrize("proxies", [(), ("10.0.0.0/8",)])
def test_a_proxy_that_was_not_named_is_believed_nothing(nginx, device, proxies):
    with device("cam-1-001") as client:
        assert client.get(f"{nginx}/default/controller/v1/cam-1-001").status_code == 401
