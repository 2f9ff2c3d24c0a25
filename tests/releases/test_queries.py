"""Asking for releases, their components, files and accounts."""

import pytest

from careful import releases
from careful.kernel.errors import NotFound

PURL = {"type": "library", "name": "pillow", "version": "10.0.0", "purl": "pkg:pypi/pillow@10.0.0"}


@pytest.fixture
def added(world, staff, image, bom, camera):
    patch = {"type": "backport", "resolves": [{"type": "security", "name": "CVE-1"}]}
    sbom = bom(PURL | {"pedigree": {"patches": [patch]}}, {"type": "library", "name": "libz"})
    return releases.add(world, staff, camera, "1.0.0", image, sbom, ("rev-a", "rev-b"))


def test_found_by_version_and_by_id(world, added):
    assert releases.get(world, "cam-1", "1.0.0") == added.release
    assert releases.by_id(world, added.release.id) == added.release
    assert releases.list_for(world) == releases.list_for(world, "cam-1") == [added.release]
    assert releases.list_for(world, "lock-1") == []


def test_components_as_the_sbom_lists_them(world, added):
    pillow, libz = releases.components(world, added.release.id)
    assert (pillow.name, pillow.version, pillow.purl, pillow.matchable) == ("pillow", "10.0.0", PURL["purl"], True)
    assert [said.flaw for said in pillow.statements] == ["CVE-1"]
    assert (libz.matchable, libz.reason) == (False, "no purl and no CPE")
    assert releases.components(world, "nothing") == []


def test_files_and_account(world, added, image):
    assert releases.artifact_path(world, added.release.artifact.sha256).read_bytes() == image.read_bytes()
    assert b"CycloneDX" in releases.sbom_bytes(world, added.release.id)
    assert releases.report(world, added.release.id) == added.report


def test_verify_reads_the_disk(world, added):
    assert releases.verify(world, added.release.id).whole
    releases.artifact_path(world, added.release.sbom_sha256).write_bytes(b"{}")
    found = releases.verify(world, added.release.id)
    assert (found.image, found.sbom, found.whole) == (True, False, False)


def test_what_is_not_there(world):
    for ask in (
        lambda: releases.get(world, "cam-1", "9"),
        lambda: releases.by_id(world, "nothing"),
        lambda: releases.sbom_bytes(world, "nothing"),
        lambda: releases.artifact_path(world, "0" * 64),
        lambda: releases.verify(world, "nothing"),
    ):
        with pytest.raises(NotFound):
            ask()
