"""Adding, signing and withdrawing releases, on both databases."""

import dataclasses
import threading

import pytest

from careful import releases
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge

PURL = {"type": "library", "name": "pillow", "version": "10.0.0", "purl": "pkg:pypi/pillow@10.0.0"}
BARE = {"type": "library", "name": "libz"}


@pytest.fixture
def add(world, staff, image, bom, camera):
    def run(version="1.0.0", content=b"a root file system", sbom=None, product=camera, **more):
        image.write_bytes(content)
        given = sbom if sbom is not None else bom(PURL, BARE)
        return releases.add(world, staff, product, version, image, given, more.pop("hardware", ("rev-a",)), **more)

    return run


def happened(world, name):
    with world.look() as connection:
        return ledger.read(connection, names=[name])


def test_a_release_is_added_with_an_account(add, world, staff):
    added = add(fixes=("CVE-2023-4863",), notes="first")
    one = added.release
    assert (one.product, one.version, one.state, one.security_version) == ("cam-1", "1.0.0", "draft", 1)
    assert (one.components, one.unmatchable, one.fixes, one.notes) == (2, 1, ("CVE-2023-4863",), "first")
    assert (added.report.taken, added.report.unmatchable, added.new) == (1, 1, True)
    (entry,) = happened(world, "releases.added")
    assert entry.actor == str(staff)
    assert entry.data == {
        "release": one.id,
        "product": "cam-1",
        "version": "1.0.0",
        "artifact": one.artifact.sha256,
        "sbom": one.sbom_sha256,
        "components": 2,
        "unmatchable": 1,
        "fixes": ["CVE-2023-4863"],
        "declaration": 1,
    }


def test_no_release_without_an_approved_declaration(add):
    with pytest.raises(Refused, match=r"Build 0\.1\.0 refused: product 'cam-2' has no approved declaration\."):
        add("0.1.0", product="cam-2")


def test_the_same_again_changes_nothing(add, world):
    first = add()
    again = add()
    assert again == dataclasses.replace(first, new=False)
    assert len(happened(world, "releases.added")) == 1
    assert add("1.0.1", content=b"next").release.security_version == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"content": b"other"}, "another image", id="image"),
        pytest.param({"sbom": b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}'}, "another SBOM", id="SBOM"),
        pytest.param({"hardware": ("rev-b",)}, "another hardware", id="hardware"),
        pytest.param({"fixes": ("CVE-1",)}, "another list of fixes", id="fixes"),
    ],
)
def test_one_version_is_one_thing(add, change, says):
    add()
    with pytest.raises(Refused, match=says):
        add(**change)


def test_a_malformed_sbom_stores_nothing(add, world):
    with pytest.raises(Invalid):
        add(sbom=b"{")
    assert releases.list_for(world) == []
    assert not (world.home / "artifacts").exists()


def test_an_image_that_is_too_large(add, world, staff, image, bom):
    small = dataclasses.replace(world, settings=world.settings.model_copy(update={"artifact_bytes": 3}))
    with pytest.raises(TooLarge, match="3 bytes"):
        releases.add(small, staff, "cam-1", "1.0.0", image, bom(PURL), ("rev-a",))
    assert releases.list_for(world) == []


def test_an_sbom_of_another_image_is_refused(add, bom):
    digest = {"alg": "SHA-256", "content": "00" * 32}
    with pytest.raises(Refused, match="another image"):
        add(sbom=bom(metadata={"component": {"name": "x", "hashes": [digest]}}))


def test_a_name_for_the_image(add):
    assert add(filename="../cam 1.img").release.artifact.filename == "cam-1.img"


def test_security_versions_count_up_under_two_adders(world, staff, tmp_path, bom, camera):
    problems = []

    def run(number):
        try:
            image = tmp_path / f"image-{number}"
            image.write_bytes(str(number).encode())
            releases.add(world, staff, camera, f"1.0.{number}", image, bom(PURL), ("rev-a",))
        except Exception as failure:  # noqa: BLE001 (told below, in the test's own thread)
            problems.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(one.security_version for one in releases.list_for(world, camera)) == [1, 2, 3, 4]


def test_signed_once(add, world, staff):
    one = add().release
    signed = releases.mark_signed(world, staff, one.id, ["k2", "k1"], 3)
    assert (signed.state, signed.signed_at) == ("signed", world.clock.now())
    assert releases.mark_signed(world, staff, one.id, ["k3"], 4) == signed
    (entry,) = happened(world, "releases.signed")
    assert (entry.data["keyids"], entry.data["metadata"]) == (["k2", "k1"], 3)


def test_withdrawn_once_and_for_all(add, world, staff):
    one = add().release
    with pytest.raises(Invalid, match="why"):
        releases.withdraw(world, staff, one.id, " ")
    assert releases.withdraw(world, staff, one.id, "bricks some devices").state == "withdrawn"
    releases.withdraw(world, staff, one.id, "again")
    assert [entry.data["reason"] for entry in happened(world, "releases.withdrawn")] == ["bricks some devices"]
    with pytest.raises(Refused, match="withdrawn"):
        releases.mark_signed(world, staff, one.id, ("k",), 1)


def test_what_is_not_there(world, staff):
    with pytest.raises(NotFound):
        releases.mark_signed(world, staff, "nothing", ("k",), 1)
