"""The RAUC project's own hawkBit client (rauc-hawkbit, its HTTP half) against the real server, through mutual TLS."""

import asyncio
import re
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from bundle_makers import raucb
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from makers import Maker
from rauc_hawkbit.ddi.cancel_action import CancelStatusExecution, CancelStatusResult
from rauc_hawkbit.ddi.client import APIError, ConfigStatusExecution, ConfigStatusResult, DDIClient
from rauc_hawkbit.ddi.deployment_base import DeploymentStatusExecution, DeploymentStatusResult

from careful import devices, updates
from careful.kernel.settings import Settings


@dataclass(frozen=True)
class Rauc:
    """A device that runs the client."""

    folder: Path
    port: int
    trust: Path
    name: str = "cam-1-001"
    token: str = ""

    def run(self, act):
        """Let the client act, with the certificate in the folder if there is one."""

        async def acting():
            async with self.client() as ddi:
                return await act(ddi)

        return asyncio.run(acting())

    @asynccontextmanager
    async def client(self):
        context = ssl.create_default_context(cafile=str(self.trust))
        if (self.folder / "device.crt").exists() and not self.token:
            context.load_cert_chain(self.folder / "device.crt", self.folder / "device.key")
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            yield DDIClient(session, f"localhost:{self.port}", True, self.token, "DEFAULT", self.name)


async def to_do(ddi, what):
    """Return action and `c` of what a poll tells, as the client's own program reads them."""
    link = (await ddi())["_links"][what]["href"]
    found = re.search(r"/(?:deploymentBase|cancelAction)/(\d+)(?:\?c=(-?\d+))?", link)
    return found[1], found[2]


async def tell(ddi, action, execution, finished, *details):
    said = (DeploymentStatusExecution[execution], DeploymentStatusResult[finished], list(details))
    await ddi.deploymentBase[action].feedback(*said)


@pytest.fixture
def world(world):
    return replace(world, settings=Settings(data=world.home))


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.device("cam-1-001")
    return made


@pytest.fixture
def rauc(world, maker, server, tmp_path):
    folder = tmp_path / "rauc"
    folder.mkdir()
    certificate = x509.load_der_x509_certificate(maker.certificates["cam-1-001"])
    (folder / "device.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    key = maker.keys["cam-1-001"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "device.key").write_bytes(key)
    return Rauc(folder, server.port, devices.authority_bundle_path(world))


@pytest.fixture
def bundle(tmp_path):
    return raucb(tmp_path).read_bytes()


@pytest.fixture
def rollout(world, staff, maker, bundle):
    maker.release("1.0.1", content=bundle, kind="raucb")
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return started


async def install(ddi, folder):
    """Do what the client's program does from poll to reboot; return the action."""
    action, change = await to_do(ddi, "deploymentBase")
    order = await ddi.deploymentBase[action](change)
    [chunk] = order["deployment"]["chunks"]  # it refuses more than one of each
    [artifact] = chunk["artifacts"]
    await tell(ddi, action, "proceeding", "none", "Starting download")
    digest = await ddi.get_binary(artifact["_links"]["download"]["href"], folder / "bundle")
    assert digest == artifact["hashes"]["md5"]
    module = re.search(r"/softwaremodules/(\d+)/", artifact["_links"]["download"]["href"])[1]
    listed = await ddi.softwaremodules[module].artifacts()
    assert listed == [artifact]
    await ddi.get_binary(artifact["_links"]["md5sum"]["href"], folder / "md5", mime="text/plain")
    assert (folder / "md5").read_text() == f"{digest}  {artifact['filename']}\n"
    for percent in (20, 40, 99, 100):
        await tell(ddi, action, "proceeding", "none", f"{percent} %")
    return action


def test_rauc_installs_restarts_and_is_believed(world, rauc, rollout, bundle):
    async def before(ddi):
        action = await install(ddi, rauc.folder)
        await tell(ddi, action, "closed", "success", "Install completed")
        return action

    action = rauc.run(before)
    assert (rauc.folder / "bundle").read_bytes() == bundle
    assert updates.order(world, int(action)).state == "succeeded"
    assert updates.rollout(world, rollout).rollout.count("installed") == 1  # its word alone

    async def after(ddi):
        assert "configData" in (await ddi())["_links"]
        said = (ConfigStatusExecution.closed, ConfigStatusResult.success)
        await ddi.configData(*said, version="1.0.1", hw_revision="2")
        assert (await ddi())["_links"].keys() == {"installedBase"}

    rauc.run(after)
    assert devices.get(world, "cam-1-001").version == "1.0.1"
    while updates.advance(world):
        pass
    assert updates.rollout(world, rollout).rollout.state == "finished"


def test_rauc_reports_a_failure_once(world, rauc, rollout):
    async def act(ddi):
        action = await install(ddi, rauc.folder)
        await tell(ddi, action, "closed", "failure", "Installation error: signature verification failed")
        with pytest.raises(APIError, match="410"):
            await tell(ddi, action, "closed", "success", "after all")
        return action

    order = updates.order(world, int(rauc.run(act)))
    assert (order.state, order.detail) == ("failed", "Installation error: signature verification failed")
    assert devices.get(world, "cam-1-001").version == "1.0.0"


def test_rauc_drops_what_was_halted(world, staff, rauc, rollout):
    async def act(ddi):
        action, change = await to_do(ddi, "deploymentBase")
        await ddi.deploymentBase[action](change)
        updates.halt(world, staff, rollout, "found a fault")
        stop, _ = await to_do(ddi, "cancelAction")
        told = await ddi.cancelAction[stop]()
        assert told["cancelAction"]["stopId"] == action
        said = (CancelStatusExecution.closed, CancelStatusResult.success)
        await ddi.cancelAction[stop].feedback(*said, status_details=["cancelled"])
        assert "deploymentBase" not in (await ddi())["_links"]
        return action

    assert updates.order(world, int(rauc.run(act))).state == "cancelled"


def test_rauc_with_a_target_token(world, staff, rauc, rollout, bundle):
    token = devices.set_target_token(world, staff, "cam-1-001")

    async def act(ddi):
        await tell(ddi, await install(ddi, rauc.folder), "closed", "success")

    replace(rauc, token=token).run(act)
    assert (rauc.folder / "bundle").read_bytes() == bundle


@pytest.mark.parametrize(("name", "token"), [("cam-1-001", "wrong"), ("cam-1-002", "wrong")])
def test_rauc_with_a_wrong_token_is_refused(rauc, rollout, name, token):
    with pytest.raises(APIError, match="401"):
        replace(rauc, name=name, token=token).run(lambda ddi: ddi())


def test_rauc_is_refused_another_devices_order(world, maker, rauc, rollout):
    maker.device("cam-1-002")
    with pytest.raises(APIError, match="403"):
        replace(rauc, name="cam-1-002").run(lambda ddi: ddi())
