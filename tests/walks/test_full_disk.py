"""A disk that is really full while an image is sent: a clear answer, nothing half-stored, and on it goes afterwards.

Twice: on a file system of 100 MB that another program fills (root may mount one), and under a limit on the size of
files (anybody may set that), which the server meets as it meets a full disk.
"""

import base64
import contextlib
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import time

import httpx
import pytest
from makers import Maker
from process_tree import free_ports

from careful import people
from careful.assemble import open_world
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.settings import Settings

pytestmark = pytest.mark.walk
CONTENT = random.Random(1).randbytes(12 << 20)  # noqa: S311 (any bytes)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 8 << 20
SBOM = {"sbom": ("sbom.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}).encode())}
PATCH = {"content-type": "application/offset+octet-stream"}


class Server:
    """The process that takes uploads, over an installation of its own in a folder."""

    def __init__(self, home, tmp_path):
        names = ("CONSOLE", "PUBLIC", "DEVICE", "MQTT")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CAREFUL_")}
        self.home = home
        self._environment = kept | {f"CAREFUL_{name}_PORT": str(port) for name, port in ports.items()}
        self._environment["CAREFUL_DATA"] = str(home)
        self.port = ports["CONSOLE"]
        world = open_world(Settings(data=home))
        Maker(world, Actor("staff", "ann"), tmp_path).declare()
        self.token = people.issue_token(world, OPERATOR, "ci", ["releases:add", "releases:read"], 1)
        world.database.close()

    @contextlib.contextmanager
    def running(self, most=resource.RLIM_INFINITY):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

        command = [sys.executable, "-m", "careful.assemble", "web"]
        with subprocess.Popen(command, env=self._environment, preexec_fn=limit) as process:  # noqa: PLW1509 (no threads yet)
            try:
                with httpx.Client(
                    base_url=f"http://localhost:{self.port}/api/v1",
                    headers={"authorization": f"Bearer {self.token}"},
                    timeout=30,
                ) as client:
                    self._wait(client)
                    yield client, process.pid
            finally:
                process.kill()

    @staticmethod
    def _wait(client):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                client.get("/releases")
                return
            time.sleep(0.05)
        pytest.fail("the server did not start")

    def leftovers(self):
        """What would be left of something half-stored."""
        folders = (self.home / "artifacts" / "drafts", self.home / "artifacts" / "sha256")
        found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return [*found, *self.home.glob("upload-*")]


@pytest.fixture
def disk(tmp_path):
    """A file system of 100 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(
            f"a file system cannot be mounted here ({done.stderr.decode().strip()}); the other test says the same"
        )
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def begin(client):
    said = f"filename Y2FtLmltZw==,sha256 {base64.b64encode(SHA256.encode()).decode()}"
    made = client.post("/uploads", headers={"upload-length": str(len(CONTENT)), "upload-metadata": said})
    assert made.status_code == 201, made.text
    return f"/uploads/{made.headers['location'].rpartition('/')[2]}"


def send(client, place, offset, size=None):
    part = CONTENT[offset : None if size is None else offset + size]
    return client.patch(place, headers={**PATCH, "upload-offset": str(offset)}, content=part)


def arrived(client, place):
    return int(client.head(place).headers["upload-offset"])


def make_release(client, version, place):
    form = {"product": "cam-1", "version": version, "hardware": ["rev-a"], "upload": place.rpartition("/")[2]}
    return client.post("/releases", data=form, files=SBOM)


def send_at_once(client, version):
    form = {"product": "cam-1", "version": version, "hardware": ["rev-a"]}
    return client.post("/releases", data=form, files={**SBOM, "image": ("cam.img", CONTENT)})


def refused_clearly(answer, status=503):
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert "ree some space" in problem["do"], problem
    return problem["detail"]


def test_a_disk_that_another_program_fills(disk, tmp_path):
    server = Server(disk / "data", tmp_path)
    ballast = disk / "ballast"
    with server.running() as (client, _):
        place = begin(client)
        assert send(client, place, 0, 4 << 20).status_code == 204
        fill(ballast, leaving=2 << 20)
        assert "cannot be stored" in refused_clearly(send(client, place, 4 << 20))
        kept = arrived(client, place)
        assert 4 << 20 <= kept < len(CONTENT)
        assert "room" in refused_clearly(client.post("/uploads", headers={"upload-length": str(len(CONTENT))}))
        refused_clearly(send_at_once(client, "1.0.0"))
        assert (client.get("/releases").json(), server.leftovers()) == ([], [])

        ballast.unlink()
        assert send(client, place, kept).status_code == 204
        fill(ballast, leaving=1 << 20)
        refused_clearly(make_release(client, "1.0.0", place))
        assert (client.get("/releases").json(), server.leftovers()) == ([], [])
        assert arrived(client, place) == len(CONTENT), "the upload waits for the next try"

        ballast.unlink()
        made = make_release(client, "1.0.0", place)
        assert made.status_code == 201, made.text
        assert made.json()["release"]["artifact"]["sha256"] == SHA256


def fill(ballast, leaving):
    """Let another program take all but a little of the disk."""
    stats = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, stats.f_bavail * stats.f_frsize - leaving)


def test_a_file_that_may_not_grow(tmp_path):
    server = Server(tmp_path / "data", tmp_path)
    with server.running(most=LIMIT) as (client, pid):
        place = begin(client)
        assert "cannot be stored" in refused_clearly(send(client, place, 0))
        assert arrived(client, place) == LIMIT, "what arrived before is kept"
        refused_clearly(send_at_once(client, "1.0.0"))
        assert (client.get("/releases").json(), server.leftovers()) == ([], [])

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert send(client, place, LIMIT).status_code == 204
        made = make_release(client, "1.0.0", place)
        assert made.status_code == 201, made.text
        assert made.json()["release"]["artifact"]["sha256"] == SHA256
