"""`careful release create, sign, launch` and what belongs to them, on the server itself."""

import json

import pytest
from attestations import Builder
from flaws_cli import read, typed
from flaws_sample import purls

from careful import products, releases, updates
from careful.entrypoints.cli.release import command
from careful.kernel.errors import Invalid, NotFound, Refused


@pytest.fixture
def files(tmp_path):
    (tmp_path / "cam.img").write_bytes(b"image" * 1000)
    (tmp_path / "sbom.json").write_bytes(purls("pillow==10.0.0"))
    return tmp_path


@pytest.fixture
def run(world, staff):
    text = b"schema: product/1\nproduct: {id: cam-1, name: Test, models: [cam-1]}\n"
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    return lambda *arguments: typed(command, world, *arguments)


@pytest.fixture
def create(run, files):
    given = ("--image", str(files / "cam.img"), "--sbom", str(files / "sbom.json"), "--hardware", "rev-a")
    return lambda *more, version="1.0.0": run("create", "cam-1", version, *given, *more)


def test_a_pipeline_may_repeat_every_step(run, create, world):
    for new in (True, False):
        assert read(create("--json"))["new"] is new
    first = read(run("launch", "cam-1", "1.0.0", "--json", "--no-rollout"))
    assert read(run("launch", "cam-1", "1.0.0", "--json", "--no-rollout")) == first
    assert updates.is_published(world, releases.get(world, "cam-1", "1.0.0"))


def test_another_image_under_the_same_version_is_refused(create, files):
    create()
    (files / "cam.img").write_bytes(b"other")
    with pytest.raises(Refused, match="another image"):
        create()


def test_create_says_who_built_it(create, run, files, world, staff):
    builder = Builder()
    (files / "builder.pem").write_text(builder.pem)
    (files / "policy.toml").write_text(
        f'[provenance]\nrequired = true\n[[provenance.builders]]\nid = "{builder.id}"\nkey = "builder.pem"\n'
    )
    assert "required" in run("policy", "cam-1", str(files / "policy.toml")).stdout
    assert read(run("policy", "cam-1", "--json"))["builders"][0]["key"]["name"] == "builder.pem"
    create()
    with pytest.raises(Refused, match="has no provenance"):
        run("launch", "cam-1", "1.0.0")
    sha256 = releases.get(world, "cam-1", "1.0.0").artifact.sha256
    (files / "cam.intoto.jsonl").write_bytes(builder.attest(sha256))
    assert f"built by {builder.id}" in create("--provenance", str(files / "cam.intoto.jsonl")).stdout
    assert "takes it" in run("provenance", "cam-1", "1.0.0").stdout
    assert "is published" in run("launch", "cam-1", "1.0.0", "--no-rollout").stdout


def test_launch_starts_one_rollout(create, run, world, staff, tmp_path):
    from makers import Maker  # noqa: PLC0415 (only here)

    maker = Maker(world, staff, tmp_path)
    create(version="1.0.1")
    maker.device("cam-1-001", "1.0.0")
    rollout = read(run("launch", "cam-1", "1.0.1", "--wave", "100%", "--json"))["rollout"]
    assert read(run("launch", "cam-1", "1.0.1", "--json"))["rollout"] == rollout
    assert len(updates.rollouts(world)) == 1


def test_what_is_not_there(run, create, files):
    with pytest.raises(NotFound):
        run("launch", "cam-1", "9")
    with pytest.raises(NotFound):
        run("provenance", "cam-1", "9", str(files / "cam.img"))
    create()
    with pytest.raises(NotFound, match="no provenance"):
        run("provenance", "cam-1", "1.0.0")
    (files / "cam.img").write_bytes(b"x" * (2 << 20))
    with pytest.raises(Invalid, match="1 MiB"):
        run("provenance", "cam-1", "1.0.0", str(files / "cam.img"))


def test_a_withdrawn_release_is_not_launched(create, run, world, staff):
    create()
    releases.withdraw(world, staff, releases.get(world, "cam-1", "1.0.0").id, "bad")
    with pytest.raises(Refused, match="withdrawn"):
        run("launch", "cam-1", "1.0.0")


def test_manifest_deltas_and_changes(create, run, files):
    create()
    assert "first release" in run("changes", "cam-1", "1.0.0").stdout
    (files / "sbom.json").write_bytes(purls("pillow==10.0.1"))
    create(version="1.0.1")
    said = run("changes", "cam-1", "1.0.1").stdout
    assert "Since 1.0.0: image +0 bytes." in said
    assert "component\tchanged\tpillow\t10.0.0\t10.0.1" in said
    assert read(run("changes", "cam-1", "1.0.1", "--json"))["before"]["version"] == "1.0.0"
    assert json.loads(run("manifest", "cam-1", "1.0.0").stdout)["version"] == "1.0.0"
    assert "the worker makes them" in run("deltas", "cam-1", "1.0.0").stdout
    assert read(run("deltas", "cam-1", "1.0.0", "--try-again", "--json")) == []
