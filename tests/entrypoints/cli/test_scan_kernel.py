"""`careful scan --kernel-config`: flaws in what the configuration leaves out are settled, each with file and option."""

import json

import pytest
from flaws_cli import read, typed
from flaws_sample import kev

from careful import vulnerabilities
from careful.entrypoints.cli.scan import command
from careful.kernel.errors import Invalid

KERNEL = {"name": "linux", "version": "6.6.1", "cpe": "cpe:2.3:o:linux:linux_kernel:6.6.1:*:*:*:*:*:*:*"}
SOURCE = {
    "Makefile": "obj-y += drivers/\n",
    "drivers/Makefile": "obj-$(CONFIG_VETH) += veth.o\nobj-y += loop.o\n",
    "drivers/veth.c": "",
    "drivers/loop.c": "",
}


def flaw(name, *files):
    version = {"version": "6.0", "lessThan": "6.6.9", "status": "affected", "versionType": "semver"}
    product = {"vendor": "Linux", "product": "Linux", "versions": [version], "programFiles": files}
    about = {"cveId": name, "state": "PUBLISHED", "dateUpdated": "2026-01-01T00:00:00Z"}
    cna = {"affected": [{**product, "defaultStatus": "unaffected"}]}
    return {"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": about, "containers": {"cna": cna}}


@pytest.fixture
def kernel(world, staff, tmp_path):
    for name, file in (
        ("CVE-2026-0001", "drivers/veth.c"),
        ("CVE-2026-0002", "drivers/loop.c"),
        ("CVE-2026-0003", "old/x.c"),
    ):
        (tmp_path / "feeds").mkdir(exist_ok=True)
        (tmp_path / "feeds" / f"{name}.json").write_text(json.dumps(flaw(name, file)))
    vulnerabilities.import_folder(world, staff, tmp_path / "feeds")
    for name, text in SOURCE.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "config").write_text("CONFIG_ARM64=y\n# CONFIG_VETH is not set\n")
    (tmp_path / "sbom.json").write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [KERNEL]})
    )
    return tmp_path


def scanned(world, kernel, *more):
    return typed(command, world, str(kernel / "sbom.json"), *map(str, more), "--json")


def test_what_the_configuration_leaves_out_is_settled_with_its_option(world, kernel):
    done = scanned(world, kernel, "--kernel-config", kernel / "config", "--kernel-source", kernel / "source")
    found = read(done)
    assert sorted(one["vulnerability"] for one in found["findings"]) == ["CVE-2026-0002", "CVE-2026-0003"]
    (one,) = found["settled"]
    assert one["vulnerability"] == "CVE-2026-0001"
    assert one["reason"].startswith("not compiled into this kernel: drivers/veth.c (CONFIG_VETH is off); ")


def test_a_link_out_of_the_source_is_not_followed(world, kernel, tmp_path):
    (tmp_path / "secret").write_text("obj-y += veth.o\n")
    (kernel / "source" / "drivers" / "Makefile").unlink()
    (kernel / "source" / "drivers" / "Makefile").symlink_to(tmp_path / "secret")
    with pytest.raises(Invalid, match="build nothing"):
        scanned(world, kernel, "--kernel-config", kernel / "config", "--kernel-source", kernel / "source")


def test_the_two_go_together(world, kernel):
    assert scanned(world, kernel, "--kernel-config", kernel / "config").exit_code == 2


def element(kind, name, **more):
    return {"type": kind, "spdxId": name, "name": name, **more}


def relation(first, kind, *to):
    name = f"{first}-{kind}"
    return {"type": "Relationship", "spdxId": name, "from": first, "relationshipType": kind, "to": list(to)}


def yocto(*files):
    """The SBOM of an image whose kernel was built of these files, as Yocto lists them on request."""
    names = ["init/main.c", *(f"fs/f{at}.c" for at in range(300)), *files]
    cpe = {"externalIdentifierType": "cpe23", "identifier": KERNEL["cpe"]}
    linux = {"software_packageVersion": "6.6.1", "externalIdentifier": [cpe], "software_primaryPurpose": "install"}
    build = {"build_buildType": "http://openembedded.org/bitbake/do_create_spdx"}
    return {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            element("build_Build", "build", **build),
            element("software_Package", "linux", **linux),
            *(element("software_File", name, software_primaryPurpose="source") for name in names),
            relation("build", "hasInput", *names),
            relation("build", "hasOutput", "linux"),
        ],
    }


def test_the_list_of_compiled_files_in_the_sbom_is_used(world, kernel):
    (kernel / "sbom.json").write_text(json.dumps(yocto("drivers/loop.c")))
    found = read(scanned(world, kernel))
    assert [one["vulnerability"] for one in found["findings"]] == ["CVE-2026-0002"]
    assert sorted(one["vulnerability"] for one in found["settled"]) == ["CVE-2026-0001", "CVE-2026-0003"]
    assert "not compiled into this kernel: drivers/veth.c, of 302 files that were" in found["settled"][0]["reason"]


def test_what_is_exploited_stays(world, staff, kernel):
    (kernel / "kev.json").write_text(json.dumps(kev("CVE-2026-0001", released="2026-11-01T00:00:00Z")))
    vulnerabilities.import_feed(world, staff, kernel / "kev.json")
    (kernel / "compiled.txt").write_text("drivers/loop.o\n")
    found = read(scanned(world, kernel, "--kernel-files", kernel / "compiled.txt"))
    assert [one["vulnerability"] for one in found["findings"]] == ["CVE-2026-0001", "CVE-2026-0002"]
    assert [one["vulnerability"] for one in found["settled"]] == ["CVE-2026-0003"]
