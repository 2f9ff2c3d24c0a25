import email
import hashlib
import io
import json
import os
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from careful.demo import firmware, wheels
from careful.kernel.errors import NotFound, Unavailable

CACHE = Path(os.environ.get("CAREFUL_DEMO_CACHE", Path(__file__).parents[2] / ".cache" / "wheels"))
SITE = firmware.SITE


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The camera's two releases, from the published packages (fetched once, kept in .cache)."""
    out = tmp_path_factory.mktemp("firmware")
    try:
        return {version: firmware.build("cam-1", version, out, CACHE) for version in ("1.0.0", "1.0.1")}
    except Unavailable as offline:
        pytest.skip(f"the registry cannot be reached: {offline}")


def contents(path):
    with tarfile.open(path) as archive:
        return {member.name: (member, archive.extractfile(member).read()) for member in archive if member.isfile()}


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1"])
def test_the_sbom_says_what_is_in_the_image_and_never_more(built, version):
    files = contents(built[version].image)
    document = json.loads(built[version].sbom.read_text())
    stated = {one["name"].lower(): one for one in document["components"] if "purl" in one}
    found = {}
    for name, (_member, content) in files.items():
        if re.fullmatch(rf"{SITE}/[^/]+\.dist-info/METADATA", name):
            said = email.message_from_bytes(content)
            found[said["Name"].lower()] = said["Version"]
    assert {name: one["version"] for name, one in stated.items()} == found

    libraries = {name for name in files if re.search(r"\.libs/[^/]+\.so", name)}
    listed = {one["bom-ref"]: one for one in document["components"] if "purl" not in one}
    assert set(listed) == libraries
    for name, one in listed.items():
        assert one["hashes"][0]["content"] == hashlib.sha256(files[name][1]).hexdigest()
    assert len(document["components"]) == len(found) + len(libraries)


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1"])
def test_every_file_comes_from_a_listed_wheel_or_from_the_maker(built, version):
    image = contents(built[version].image)
    pins = wheels.read_pins(firmware.examples() / f"cam-1-{version}.txt")
    held = wheels.fetch(firmware.examples() / f"cam-1-{version}.txt", CACHE)
    expected = set(firmware.own_files("cam-1", version, firmware.examples() / "cam-1"))
    for path in held:
        with zipfile.ZipFile(path) as archive:
            expected |= {f"{SITE}/{name}" for name in archive.namelist() if not name.endswith("/")}
    assert set(image) == expected
    components = json.loads(built[version].sbom.read_text())["components"]
    assert {one["hashes"][0]["content"] for one in components if "purl" in one} == {pin.sha256 for pin in pins}


def test_the_document_is_about_this_image(built):
    document = json.loads(built["1.0.1"].sbom.read_text())
    about = document["metadata"]["component"]
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert (about["type"], about["name"], about["version"]) == ("firmware", "cam-1", "1.0.1")
    assert about["hashes"][0]["content"] == hashlib.sha256(built["1.0.1"].image.read_bytes()).hexdigest()
    refs = [one["bom-ref"] for one in document["components"]]
    assert len(refs) == len(set(refs))
    known = {*refs, about["bom-ref"]}
    assert all({one["ref"], *one["dependsOn"]} <= known for one in document["dependencies"])


def test_what_was_mended_and_what_was_left_on_purpose(built):
    versions = {
        version: {
            one["name"].lower(): one["version"]
            for one in json.loads(made.sbom.read_text())["components"]
            if "purl" in one
        }
        for version, made in built.items()
    }
    assert versions["1.0.0"]["aiohttp"] == versions["1.0.1"]["aiohttp"] == "3.8.5"
    for name in ("pillow", "urllib3", "cryptography", "certifi"):
        assert versions["1.0.0"][name] != versions["1.0.1"][name]


def test_an_image_is_a_root_file_system_of_modest_size(built):
    files = contents(built["1.0.0"].image)
    assert b'VERSION_ID="1.0.0"' in files["etc/os-release"][1]
    assert json.loads(files["etc/careful/product.json"][1])["hardware"] == ["rev-a"]
    assert files["usr/bin/hearth-cam"][0].mode == 0o755
    assert files[f"{SITE}/PIL/Image.py"][0].mode == 0o644
    assert built["1.0.0"].image.stat().st_size < 30_000_000
    assert {(member.uid, member.gid, member.mtime) for member, _content in files.values()} == {(0, 0, 1_767_225_600)}


@pytest.fixture
def toy(tmp_path):
    """A release with one made-up package, needing no network."""
    source, cache = tmp_path / "source", tmp_path / "cache"
    (source / "toy" / "usr" / "bin").mkdir(parents=True)
    (source / "toy" / "usr" / "bin" / "run").write_text("#!/bin/sh\n")
    cache.mkdir()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("box-1.dist-info/METADATA"), "Name: box\nVersion: 1\n")
        archive.writestr(zipfile.ZipInfo("box.libs/libx-0123abcd.so.2"), b"x")
    (cache / "box-1-py3-none-any.whl").write_bytes(buffer.getvalue())
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    (source / "toy-1.txt").write_text(f"box==1 --hash=sha256:{digest}\n")
    return source, cache


def test_the_same_inputs_give_the_same_bytes(toy, tmp_path):
    source, cache = toy
    one, other = (firmware.build("toy", "1", tmp_path / name, cache, source) for name in ("one", "other"))
    assert one.image.read_bytes() == other.image.read_bytes()
    assert one.sbom.read_bytes() == other.sbom.read_bytes()


def test_what_was_built_already_is_left_and_what_changed_is_built_again(toy, tmp_path):
    source, cache = toy
    made = firmware.build("toy", "1", tmp_path / "out", cache, source)
    before = made.image.stat().st_ino, made.image.stat().st_mtime_ns
    firmware.build("toy", "1", tmp_path / "out", tmp_path / "nowhere", source)
    assert (made.image.stat().st_ino, made.image.stat().st_mtime_ns) == before
    (source / "toy" / "usr" / "bin" / "run").write_text("#!/bin/sh\nexit 1\n")
    firmware.build("toy", "1", tmp_path / "out", cache, source)
    assert contents(made.image)["usr/bin/run"][1] == b"#!/bin/sh\nexit 1\n"


def test_an_unknown_release_names_those_there_are(tmp_path):
    with pytest.raises(NotFound) as refused:
        firmware.build("cam-1", "9.9.9", tmp_path, tmp_path)
    assert "cam-1 1.0.0" in refused.value.do


def test_every_release_that_is_named_has_its_list():
    for product, version in firmware.RELEASES:
        pins = wheels.read_pins(firmware.examples() / f"{product}-{version}.txt")
        assert pins
        assert [pin.name for pin in pins] == sorted(pin.name for pin in pins)
