"""What each client is given of a release with several files."""

import ddi_device
import pytest
from makers import Maker
from starlette.requests import Request

from careful import releases, updates
from careful.entrypoints.gateway.https.ddi_clients import profile_of


def asked(agent):
    headers = [] if agent is None else [(b"user-agent", agent.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})


@pytest.mark.parametrize(
    ("agent", "single", "part"),
    [
        ("libcurl-agent/1.0", False, "os"),  # SWUpdate
        ("rauc-hawkbit-c-agent/1.4", True, "os"),
        ("rauc-hawkbit-updater/1.4", True, "os"),
        ("Python/3.11 aiohttp/3.14.5", False, "os"),
        ("careful-device", True, "os"),
        (None, True, "bApp"),  # Zephyr
        ("", True, "bApp"),
    ],
)
def test_how_a_client_is_known(agent, single, part):
    found = profile_of(asked(agent))
    assert (found.single, found.part) == (single, part)


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.device("cam-1-001")
    return made


@pytest.fixture
def cam(world, maker):
    with ddi_device.http(world) as client:
        yield ddi_device.certified(client, maker, "cam-1-001")


@pytest.fixture
def action(world, staff, maker, tmp_path):
    """An order for a release of four files in three modules."""
    made = maker.release("1.0.1", publish=False)
    for name, part, module, version in (
        ("boot.bin", "os", "", ""), ("app.bin", "application", "player", "7.1"),
        ("model.bin", "application", "player", "7.1"), ("dsp.bin", "dsp", "", "3"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(name.encode() * 100)
        releases.add_part(world, staff, made.id, part, tmp_path / name, name=module, version=version)
    updates.sign_release(world, staff, made.id)
    updates.publish(world, staff, made.id)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return updates.order_for(world, "cam-1-001").id


def test_several_modules_and_files(world, cam, action):
    order = cam.get(f"/deploymentBase/{action}").json()
    chunks = order["deployment"]["chunks"]
    found = [
        (one["part"], one["name"], one["version"], [file["filename"] for file in one["artifacts"]]) for one in chunks
    ]
    assert found == [
        ("os", "cam-1 1.0.1", "1.0.1", ["cam-1-1.0.1.img", "boot.bin"]),
        ("bApp", "player", "7.1", ["app.bin", "model.bin"]),
        ("dsp", "cam-1 dsp", "3", ["dsp.bin"]),
    ]
    files = [file for one in chunks for file in one["artifacts"]]
    assert cam.get(f"/softwaremodules/{action}/artifacts").json() == files
    for file in files[1:]:
        whole = cam.get(file["_links"]["download"]["href"])
        assert whole.content == file["filename"].encode() * 100
        assert whole.headers["etag"] == f'"{file["hashes"]["sha1"]}"'
        assert cam.get(file["_links"]["md5sum"]["href"]).text == f"{file['hashes']['md5']}  {file['filename']}\n"


@pytest.mark.parametrize("agent", ["rauc-hawkbit-updater/1.4", "careful-device", ""])
def test_a_client_that_takes_one_file_is_given_no_half_of_a_set(world, cam, action, agent):
    answer = cam.get(f"/deploymentBase/{action}", headers={"user-agent": agent})
    assert answer.status_code == 404
    assert "takes one file" in answer.json()["message"]
    order = updates.order(world, action)
    assert (order.state, "the release has 5" in order.detail) == ("failed", True)
    assert "deploymentBase" not in cam.get().json()["_links"]


def test_zephyr_finds_its_part(world, staff, maker, cam):
    maker.release("1.0.1")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    link = cam.get(headers={"user-agent": ""}).json()["_links"]["deploymentBase"]["href"]
    [chunk] = cam.get(link, headers={"user-agent": ""}).json()["deployment"]["chunks"]
    assert (chunk["part"], len(chunk["artifacts"])) == ("bApp", 1)
