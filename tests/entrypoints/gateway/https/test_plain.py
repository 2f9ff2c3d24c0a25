"""Images by plain HTTP: these and nothing else, and only where the operator turned it on."""

import hashlib
from dataclasses import replace

import ddi_device
import httpx
import pytest
from makers import Maker

from careful import releases, updates
from careful.entrypoints.cli.listening import ports
from careful.entrypoints.gateway.https.plain import plain_config
from careful.kernel.settings import Settings

CONTENT = bytes(range(256)) * 30


@pytest.fixture
def world(world):
    return replace(world, settings=Settings(data=world.home, device_http_port=18_080))


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.device("cam-1-001")
    return made


@pytest.fixture
def release(maker):
    return maker.release("1.0.1", content=CONTENT)


@pytest.fixture
def http(world, serve):
    with serve(plain_config(world)) as running, httpx.Client(base_url=f"http://127.0.0.1:{running.port}") as client:
        yield client


def test_an_image_is_served_in_ranges(http, release):
    path = f"/DEFAULT/artifacts/{release.id}/{release.artifact.filename}"
    assert len(path) <= 199  # Zephyr has no room for more
    whole = http.get(path)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert "immutable" in whole.headers["cache-control"]
    assert http.get(path, headers={"range": "bytes=-9"}).content == CONTENT[-9:]
    assert http.head(path).headers["content-length"] == str(len(CONTENT))
    assert http.get(f"{path}.MD5SUM").text.split()[0] == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


def test_nothing_else_is_there(http, maker, world, staff, release):
    draft = maker.release("1.0.2", publish=False)
    paths = [
        "/", "/default/controller/v1/cam-1-001", "/tuf/cam-1/metadata/timestamp.json", "/crl",
        f"/DEFAULT/artifacts/{release.id}/other", f"/DEFAULT/artifacts/none/{release.artifact.filename}",
        f"/DEFAULT/artifacts/{draft.id}/{draft.artifact.filename}", f"/DEFAULT/artifacts/{release.sbom_sha256}/x",
        f"/DEFAULT/artifacts/{release.id}/..%2f..%2fcareful.toml", "/DEFAULT/artifacts/a%00b/x",
    ]  # fmt: skip
    for path in paths:
        assert http.get(path).status_code == 404, path
    assert http.post(f"/DEFAULT/artifacts/{release.id}/{release.artifact.filename}").status_code == 405
    releases.withdraw(world, staff, release.id, "a fault")
    assert http.get(f"/DEFAULT/artifacts/{release.id}/{release.artifact.filename}").status_code == 404


def link(world, maker, name="download-http"):
    with ddi_device.http(world) as client:
        cam = ddi_device.certified(client, maker, "cam-1-001")
        [artifact] = cam.order()["deployment"]["chunks"][0]["artifacts"]
        return artifact["_links"][name]["href"]


def test_an_order_names_it(world, staff, maker, release, http):
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    plain = link(world, maker)
    assert plain == f"http://testserver:18080/DEFAULT/artifacts/{release.id}/{release.artifact.filename}"
    assert http.get(plain.removeprefix("http://testserver:18080")).content == CONTENT
    assert link(world, maker, "download").startswith("https://")


def test_a_rehearsal_of_tampering_never_leads_to_the_genuine_image(world, staff, maker, release):
    updates.drill(world, staff, "cam-1-001", "tampered")
    assert link(world, maker).startswith("https://")


def test_off_unless_it_is_turned_on(world, staff, maker, release):
    off = replace(world, settings=Settings(data=world.home))
    assert "device_http_port" not in ports(off.settings)
    assert ports(world.settings)["device_http_port"] == 18_080
    updates.start_rollout(off, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(off)
    assert link(off, maker).startswith("https://")
