"""`careful scan --kernel-config`: flaws in what the configuration leaves out are settled, each with file and option."""

import json

import pytest
from flaws_cli import read, typed

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
    for name, file in (("CVE-2026-1", "drivers/veth.c"), ("CVE-2026-2", "drivers/loop.c"), ("CVE-2026-3", "old/x.c")):
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
    assert sorted(one["vulnerability"] for one in found["findings"]) == ["CVE-2026-2", "CVE-2026-3"]
    (one,) = found["settled"]
    assert one["vulnerability"] == "CVE-2026-1"
    assert one["reason"].startswith("not compiled into this kernel: drivers/veth.c (CONFIG_VETH is off); ")


def test_a_link_out_of_the_source_is_not_followed(world, kernel, tmp_path):
    (tmp_path / "secret").write_text("obj-y += veth.o\n")
    (kernel / "source" / "drivers" / "Makefile").unlink()
    (kernel / "source" / "drivers" / "Makefile").symlink_to(tmp_path / "secret")
    with pytest.raises(Invalid, match="build nothing"):
        scanned(world, kernel, "--kernel-config", kernel / "config", "--kernel-source", kernel / "source")


def test_the_two_go_together(world, kernel):
    assert scanned(world, kernel, "--kernel-config", kernel / "config").exit_code == 2
