"""The same steps from a pipeline, over a real server; the connection breaks, and the upload goes on."""

import asyncio
import threading

import pytest
import uvicorn
from flaws_cli import read, typed
from flaws_sample import purls
from makers import Maker

from careful import people, releases
from careful.entrypoints.api.app import create_api
from careful.entrypoints.cli.release import command
from careful.entrypoints.cli.release_doors import TOKEN, There
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound, Refused, Unavailable


class Breaking:
    """Closes the connection in the middle of the first uploads, as a bad line does."""

    def __init__(self, app, breaks):
        self.app, self.breaks, self.patches = app, breaks, 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "PATCH":
            await self.app(scope, receive, send)
            return
        self.patches += 1
        left, parts = self.breaks, 0
        self.breaks -= 1

        async def cut():
            nonlocal parts
            parts += 1
            return await receive() if parts < 3 else {"type": "http.disconnect"}

        await self.app(scope, cut if left > 0 else receive, send)


@pytest.fixture
def server(world, monkeypatch):
    app = Breaking(create_api(world), 2)
    root = uvicorn.Server(uvicorn.Config(Mounted(app), host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(root.serve()))
    thread.start()
    while not root.started:
        pass
    scopes = ["releases:read", "releases:add", "releases:sign", "releases:publish", "rollouts:read", "rollouts:start"]
    monkeypatch.setenv(TOKEN, people.issue_token(world, OPERATOR, "ci", scopes, 1))
    monkeypatch.setattr("careful.entrypoints.cli.release_doors.time.sleep", lambda _: None)
    yield f"http://127.0.0.1:{root.servers[0].sockets[0].getsockname()[1]}", app
    root.should_exit = True
    thread.join(20)


class Mounted:
    """The API where the console mounts it."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].removeprefix("/api/v1")}
        await self.app(scope, receive, send)


@pytest.fixture
def files(world, staff, tmp_path):
    Maker(world, staff, tmp_path).declare()
    (tmp_path / "cam.img").write_bytes(bytes(range(256)) * 40_000)
    (tmp_path / "sbom.json").write_bytes(purls("pillow==10.0.0"))
    return tmp_path


def create(world, files, url, *more):
    given = ("--image", str(files / "cam.img"), "--sbom", str(files / "sbom.json"), "--hardware", "rev-a")
    return typed(command, world, "create", "cam-1", "1.0.0", *given, "--server", url, *more)


def test_create_sign_launch_over_the_api(world, files, server):
    url, app = server
    made = read(create(world, files, url, "--json"))
    assert made["new"]
    assert app.patches == 3  # two broke, the third went on
    assert made["release"]["artifact"]["sha256"] == releases.get(world, "cam-1", "1.0.0").artifact.sha256
    assert not read(create(world, files, url, "--json"))["new"]
    assert app.patches == 3  # what is there is not sent again
    typed(command, world, "sign", "cam-1", "1.0.0", "--server", url)
    assert releases.get(world, "cam-1", "1.0.0").state == "signed"
    done = read(typed(command, world, "launch", "cam-1", "1.0.0", "--server", url, "--no-rollout", "--json"))
    assert done["release"] == made["release"]["id"]


def test_refusals_are_the_servers_own_words(world, files, server):
    url, _app = server
    with pytest.raises(NotFound):
        typed(command, world, "launch", "cam-1", "9", "--server", url)
    create(world, files, url)
    (files / "cam.img").write_bytes(b"other")
    with pytest.raises(Refused, match="another image"):
        create(world, files, url)


@pytest.mark.parametrize(
    "server", ["http://careful.example", "http://127.0.0.1.evil.example", "ftp://x", "careful.example"]
)
def test_a_token_is_not_sent_in_the_clear(server):
    with pytest.raises(Invalid, match="https"):
        There(server, "token")


def test_without_a_token():
    with pytest.raises(Invalid, match="no token"):
        There("https://careful.example", "")


def test_a_server_that_is_away_is_asked_again_and_then_said():
    pauses = []
    door = There("http://127.0.0.1:1", "token", pause=pauses.append)
    with pytest.raises(Unavailable, match="cannot be reached"):
        door.find("cam-1", "1.0.0")
    assert pauses == [2, 4, 8, 16, 32]


def test_a_further_file_over_a_line_that_breaks(world, files, server):
    url, app = server
    create(world, files, url)
    (files / "app.bin").write_bytes(bytes(range(255)) * 40_000)
    app.breaks = 2
    given = ("part", "cam-1", "1.0.0", str(files / "app.bin"), "--part", "bApp", "--server", url)
    assert "has 2 files" in typed(command, world, *given).stdout
    [part] = read(typed(command, world, *given, "--json"))["parts"]
    assert (part["part"], part["artifact"]["size"]) == ("bApp", 255 * 40_000)
    with pytest.raises(NotFound):
        typed(command, world, "part", "cam-1", "9.9.9", str(files / "app.bin"), "--part", "os", "--server", url)
