"""A pipeline without a secret: over real HTTPS to its issuer, over a real server to its release."""

import asyncio
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from flaws_cli import read, typed
from flaws_sample import purls
from issuer_server import REQUEST_TOKEN, Issuer
from makers import Maker
from starlette.applications import Starlette
from starlette.routing import Mount

from careful import people, releases
from careful.entrypoints.api.app import create_api
from careful.entrypoints.cli import job_identity
from careful.entrypoints.cli.release import command
from careful.entrypoints.cli.token import command as token_command
from careful.kernel.actors import OPERATOR
from careful.kernel.clock import SystemClock
from careful.kernel.errors import Invalid, Refused, Unavailable
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def job(world, staff, tmp_path, monkeypatch):
    """A job on a runner, its issuer, and a server that trusts it; no secret anywhere."""
    for name in ("CAREFUL_TOKEN", "CAREFUL_SERVER"):
        monkeypatch.delenv(name, raising=False)
    with Issuer(tmp_path) as issuer:
        given = {"ci_issuers_inside": ("localhost",), "ci_issuer_ca": str(issuer.ca)}
        settings = world.settings.model_copy(update=given)
        now = World(world.database, SystemClock(), settings, world.keys, world.home)
        app = Starlette(routes=[Mount("/api/v1", app=create_api(now))])
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
        thread.start()
        while not server.started:
            pass
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        Maker(now, staff, tmp_path).declare()
        people.make_trust(
            now, OPERATOR, "CI", issuer=issuer.url, claims={"sub": "repo:acme/camera:ref:refs/heads/main"},
            scopes=sorted(people.JOB_SCOPES), product="cam-1", audience=url,
        )  # fmt: skip
        (tmp_path / "cam.img").write_bytes(b"firmware" * 5000)
        (tmp_path / "sbom.json").write_bytes(purls("pillow==10.0.0"))
        monkeypatch.setenv("SSL_CERT_FILE", str(issuer.ca))
        yield SimpleNamespace(world=now, issuer=issuer, url=url, folder=tmp_path)
        server.should_exit = True
        thread.join(20)


def create(job: Any, product: str = "cam-1") -> Any:
    given = ("--image", str(job.folder / "cam.img"), "--sbom", str(job.folder / "sbom.json"), "--hardware", "rev-a")
    return typed(command, job.world, "create", product, "1.0.0", *given, "--server", job.url, "--json")


def test_create_sign_launch_from_a_job_as_on_github(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{job.issuer.url}/job?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
    assert read(create(job))["new"]
    typed(command, job.world, "sign", "cam-1", "1.0.0", "--server", job.url)
    done = typed(command, job.world, "launch", "cam-1", "1.0.0", "--server", job.url, "--no-rollout", "--json")
    assert releases.get(job.world, "cam-1", "1.0.0").state == "signed"
    assert read(done)["version"] == "1.0.0"
    jobs = people.list_tokens(job.world, jobs=True)
    assert {one.subject for one in jobs} == {"repo:acme/camera:ref:refs/heads/main"}
    assert len(jobs) == 3
    with pytest.raises(Refused, match="cam-1 alone"):
        create(job, "cam-2")


def test_a_word_that_is_said_once_as_on_gitlab(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREFUL_ID_TOKEN", job.issuer.says(datetime.now(UTC), job.url))
    token = typed(token_command, job.world, "exchange", "--server", job.url).output.strip()
    assert people.is_token(token)
    with pytest.raises(Refused, match="exchanged before"):
        create(job)
    monkeypatch.setenv("CAREFUL_TOKEN", token)
    assert read(create(job))["new"]


def test_what_keeps_a_job_out(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="Nobody says"):
        job_identity.exchanged(job.url, environ={})
    with pytest.raises(Invalid, match="https"):
        job_identity.exchanged("http://careful.example", environ={"CAREFUL_ID_TOKEN": "x"})
    foreign = job.issuer.says(datetime.now(UTC), job.url, sub="repo:evil/camera:ref:refs/heads/main")
    with pytest.raises(Refused, match="its sub is"):
        job_identity.exchanged(job.url, environ={"CAREFUL_ID_TOKEN": foreign})
    with pytest.raises(Unavailable):
        job_identity.exchanged("http://127.0.0.1:1", environ={"CAREFUL_ID_TOKEN": foreign})
    asked = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{job.issuer.url}/job?api-version=2.0"}
    with pytest.raises(Unavailable):
        job_identity.exchanged(job.url, environ={**asked, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong"})
