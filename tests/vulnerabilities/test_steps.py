"""Background steps: matching releases, following decisions to later releases, remembering who was exposed."""

import json
from datetime import timedelta

import pytest
from flaws_sample import kev, osv

from careful import devices, releases, vulnerabilities
from careful.kernel import ledger
from careful.kernel.clock import from_iso

FLAW = "CVE-2023-4863"
PILLOW = osv(
    "GHSA-j7hp-h8jx-5ppr",
    aliases=[FLAW],
    severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}],
)


def happened(world, *wanted):
    with world.look() as connection:
        return ledger.read(connection, names=[f"vulnerabilities.{name}" for name in wanted])


def test_a_flaw_is_located_with_rule_and_evidence_and_opens_one_case(maker, world):
    release = maker.ship("1.0.0", "pillow==10.0.0", "yarl==1.9.2")
    maker.feed(PILLOW)
    assert vulnerabilities.match(world) == 1
    (found,) = vulnerabilities.findings(world, release=release.id)
    assert (found.flaw, found.name, found.version, found.certainty, found.fixed_version) == (
        FLAW,
        "pillow",
        "10.0.0",
        "affected",
        "10.0.1",
    )
    assert found.evidence == "purl pkg:pypi/pillow@10.0.0 in [0, 10.0.1) by GHSA-j7hp-h8jx-5ppr from osv"
    case = maker.the_case()
    assert (case.flaw, case.product, case.severity, case.releases, case.exploited) == (
        FLAW,
        "cam-1",
        "high",
        ("1.0.0",),
        False,
    )
    (opened,) = happened(world, "case_opened")
    assert opened.subject == f"case/{case.id}"
    assert from_iso(opened.data["due"]) == world.clock.now() + timedelta(days=30)


def test_a_single_record_is_no_feed_of_its_ecosystem(maker, world):
    """What it does not name was not looked up, until a full export is here."""
    release = maker.ship("1.0.0", "pillow==10.0.0", "yarl==1.9.2")
    maker.feed(PILLOW)
    vulnerabilities.match(world)
    left = vulnerabilities.unmatched(world, release.id)
    assert [(one.name, why) for one, why in left] == [
        ("yarl", "no feed here covers all of pkg:pypi; no record names it")
    ]
    assert happened(world, "release_matched")[-1].data["unmatched"] == 1
    maker.feed(PILLOW, whole=["PyPI"])
    assert vulnerabilities.match(world) == 1
    assert vulnerabilities.unmatched(world, release.id) == []


def test_nothing_new_is_nothing_done(maker, world):
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.feed(PILLOW)
    vulnerabilities.match(world)
    assert vulnerabilities.match(world) == 0
    maker.feed(PILLOW)
    assert vulnerabilities.match(world) == 0
    assert len(happened(world, "case_opened")) == 1


def test_without_any_feed_nothing_is_matched(maker, world):
    maker.ship("1.0.0", "pillow==10.0.0")
    assert vulnerabilities.match(world) == 0
    assert happened(world, "release_matched") == []


def test_a_new_release_and_a_new_record_are_both_matched(maker, world):
    maker.feed(PILLOW)
    maker.ship("1.0.0", "pillow==10.0.0", "urllib3==2.0.4")
    vulnerabilities.match(world)
    maker.feed(osv("GHSA-v845-jxx5-vc9f", "urllib3", [("0", "1.26.17"), ("2.0.0", "2.0.6")], ["CVE-2023-43804"]))
    vulnerabilities.match(world)
    assert {one.flaw for one in vulnerabilities.cases(world)} == {FLAW, "CVE-2023-43804"}
    assert [entry.data["findings"] for entry in happened(world, "release_matched")] == [1, 2]


def test_exploitation_moves_a_case_to_the_front_and_shortens_its_time(maker, world):
    maker.feed(PILLOW, osv("GHSA-x", "urllib3", [("0", "3")], ["CVE-2020-0001"]))
    maker.ship("1.0.0", "pillow==10.0.0", "urllib3==2.0.4")
    vulnerabilities.match(world)
    maker.feed(kev("CVE-2020-0001"))
    vulnerabilities.match(world)
    first = vulnerabilities.cases(world)[0]
    assert (first.flaw, first.exploited) == ("CVE-2020-0001", True)
    assert first.due == world.clock.now() + timedelta(days=3)
    assert [entry.data["flaw"] for entry in happened(world, "exploitation_heard")] == ["CVE-2020-0001"]


def test_a_late_cve_number_does_not_split_a_case(maker, world):
    maker.feed(osv("GHSA-late"))
    maker.ship("1.0.0", "pillow==10.0.0")
    vulnerabilities.match(world)
    before = maker.the_case()
    maker.feed(osv("GHSA-late", aliases=[FLAW], modified="2026-10-20T00:00:00Z"))
    maker.feed(kev(FLAW))
    vulnerabilities.match(world)
    after = maker.the_case()
    assert (after.id, after.flaw, after.releases, after.exploited) == (before.id, "GHSA-late", ("1.0.0",), True)


def test_a_withdrawn_flaw_is_in_no_release_any_more(maker, world):
    maker.feed(PILLOW)
    maker.ship("1.0.0", "pillow==10.0.0")
    vulnerabilities.match(world)
    maker.feed(PILLOW | {"withdrawn": "2026-10-20T00:00:00Z", "modified": "2026-10-20T00:00:00Z"})
    vulnerabilities.match(world)
    assert vulnerabilities.findings(world) == []
    assert maker.the_case().releases == ()


def test_a_signed_release_without_the_flaw_is_the_fix(maker, world):
    maker.feed(PILLOW)
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.ship("1.0.1", "pillow==10.0.1", sign=False)
    vulnerabilities.match(world)
    assert maker.the_case().fixed_in is None
    releases.mark_signed(world, maker.staff, releases.get(world, "cam-1", "1.0.1").id, ("k1",), 2)
    vulnerabilities.match(world)
    assert maker.the_case().fixed_in == "1.0.1"
    assert [entry.data["version"] for entry in happened(world, "fix_found")] == ["1.0.1"]


def test_what_can_no_longer_be_looked_up_is_no_fix(maker, world):
    maker.feed(PILLOW, whole=["PyPI"])
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.ship("1.0.1", "pillow", "yarl==1.9.2")
    vulnerabilities.match(world)
    assert maker.the_case().fixed_in is None
    assert happened(world, "fix_found") == []
    left = vulnerabilities.unmatched(world, releases.get(world, "cam-1", "1.0.1").id)
    assert [(component.name, reason) for component, reason in left] == [("pillow", "no version")]


def test_a_decision_holds_for_the_same_version_and_asks_when_it_moved(maker, world):
    maker.feed(PILLOW)
    maker.ship("1.0.0", "pillow==9.0.0")
    vulnerabilities.match(world)
    case = maker.the_case().id
    vulnerabilities.judge(world, maker.staff, case, "not_affected", "vulnerable_code_not_in_execute_path")
    maker.ship("1.0.1", "pillow==9.0.0", "yarl==1.9.2")
    vulnerabilities.match(world)
    assert (maker.the_case().review, maker.the_case().releases) == (None, ("1.0.0", "1.0.1"))
    maker.ship("1.0.2", "pillow==10.0.0")
    vulnerabilities.match(world)
    after = maker.the_case()
    assert after.review == "pillow moved from 9.0.0 to 10.0.0 in 1.0.2, and still has it"
    assert after.status == "not_affected"
    assert vulnerabilities.match(world) == 0
    assert len(happened(world, "review_asked")) == 1


def test_a_closed_case_opens_again_when_the_flaw_is_back(maker, world):
    maker.feed(PILLOW)
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.ship("1.0.1", "pillow==10.0.1")
    vulnerabilities.match(world)
    case = maker.the_case().id
    vulnerabilities.judge(world, maker.staff, case, "affected", action="Update to 1.0.1.")
    vulnerabilities.close(world, maker.staff, case)
    maker.ship("1.0.2", "pillow==10.0.0")
    vulnerabilities.match(world)
    again = maker.the_case()
    assert (again.state, again.review) == ("open", "it was gone in 1.0.1 and is back in 1.0.2")


def test_two_products_are_two_cases(maker, world):
    maker.feed(PILLOW)
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.ship("1.0.0", "pillow==9.0.0", product="lock-1")
    vulnerabilities.match(world)
    assert {one.product for one in vulnerabilities.cases(world)} == {"cam-1", "lock-1"}


def test_a_statement_in_the_sbom_settles_a_flaw_visibly(maker, world):
    maker.feed(PILLOW)
    component = {"type": "library", "name": "pillow", "version": "10.0.0", "purl": "pkg:pypi/pillow@10.0.0"}
    patch = {"type": "backport", "resolves": [{"type": "security", "name": FLAW}]}
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [component | {"pedigree": {"patches": [patch]}}],
    }
    image = maker.folder / "image"
    image.write_bytes(b"patched")
    release = releases.add(world, maker.staff, "cam-1", "1.0.0", image, json.dumps(sbom).encode(), ("rev-a",)).release
    vulnerabilities.match(world)
    assert vulnerabilities.cases(world) == []
    assert vulnerabilities.findings(world) == []
    (said,) = vulnerabilities.settled(world, release.id)
    assert said.flaw == FLAW
    assert said.evidence.startswith("the SBOM says patched (a patch in its pedigree names it); purl pkg:pypi/pillow")


def test_exposure_is_remembered_once_and_only_for_affected_versions(maker, world):
    maker.feed(PILLOW)
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.ship("1.0.1", "pillow==10.0.1")
    vulnerabilities.match(world)
    case = maker.the_case().id
    maker.devices("1.0.0", "cam-1-001", "cam-1-002")
    maker.devices("1.0.1", "cam-1-003")
    assert vulnerabilities.note_exposure(world) == 2
    assert vulnerabilities.note_exposure(world) == 0
    maker.devices("1.0.1", "cam-1-001")
    assert vulnerabilities.ever_exposed(world, case) == ["cam-1-001", "cam-1-002"]
    assert vulnerabilities.exposed(world, case).devices == ("cam-1-002",)
    devices.retire(world, maker.staff, "cam-1-002", "gone")
    assert vulnerabilities.unaccounted(world, case) == []


@pytest.mark.parametrize("state", ["withdrawn", "draft"])
def test_only_offered_releases_are_followed(maker, world, state):
    maker.feed(PILLOW)
    release = maker.ship("1.0.0", "pillow==10.0.0", sign=False)
    if state == "withdrawn":
        releases.withdraw(world, maker.staff, release.id, "never left the house")
    vulnerabilities.match(world)
    assert len(vulnerabilities.cases(world)) == (0 if state == "withdrawn" else 1)


def kernel_flaw(name, *files):
    affected = {"vendor": "Linux", "product": "Linux", "defaultStatus": "unaffected", "programFiles": list(files)}
    affected["versions"] = [{"version": "6.0", "lessThan": "6.7", "status": "affected", "versionType": "semver"}]
    dates = {"state": "PUBLISHED", "datePublished": "2024-01-01T00:00:00Z", "dateUpdated": "2024-01-01T00:00:00Z"}
    cna = {"affected": [affected], "descriptions": [{"lang": "en", "value": "a flaw"}]}
    return {"dataType": "CVE_RECORD", "cveMetadata": {"cveId": name} | dates, "containers": {"cna": cna}}


def of_yocto(*files):
    """An SPDX 3 of Yocto whose kernel lists its compiled source files; written here, as no real one is at hand."""
    names = [f"linux-yocto-6.6.1+git/{name}" for name in ("init/main.c", *files, *(f"fs/f{n}.c" for n in range(300)))]
    cpe = {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:*:*:linux_kernel:6.6.1:*:*:*:*:*:*:*"}
    kernel = {"type": "software_Package", "spdxId": "kernel", "name": "kernel", "externalIdentifier": [cpe]}
    build = {"type": "build_Build", "spdxId": "build", "build_buildType": "http://openembedded.org/bitbake/x"}
    inputs = [
        {"type": "software_File", "spdxId": f"file{at}", "name": name, "software_primaryPurpose": "source"}
        for at, name in enumerate(names)
    ]
    ties = [
        {"type": "Relationship", "from": "build", "relationshipType": kind, "to": to}
        for kind, to in (("hasInput", [one["spdxId"] for one in inputs]), ("hasOutput", ["kernel"]))
    ]
    graph = [build, kernel | {"software_packageVersion": "6.6.1"}, *inputs, *ties]
    return json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}).encode()


def test_the_kernels_flaws_are_set_aside_by_the_compiled_files_that_its_sbom_lists(maker, world):
    maker.feed(
        kernel_flaw("CVE-2024-0001", "net/veth.c"),
        kernel_flaw("CVE-2024-0002", "net/tun.c"),
        kernel_flaw("CVE-2024-0003", "net/tap.c"),
        kernel_flaw("CVE-2024-0004", "include/linux/net.h"),
    )
    maker.feed(kev("CVE-2024-0003"))
    image = maker.folder / "kernel"
    image.write_bytes(b"kernel")
    one = releases.add(world, maker.staff, "cam-1", "1.0.0", image, of_yocto("net/tun.c"), ("rev-a",)).release
    vulnerabilities.match(world)
    assert sorted(found.flaw for found in vulnerabilities.findings(world, release=one.id)) == [
        "CVE-2024-0002",  # it was compiled
        "CVE-2024-0003",  # it is exploited: a person decides
        "CVE-2024-0004",  # a header may be in any
    ]
    (aside,) = vulnerabilities.settled(world, one.id)
    assert aside.evidence.startswith("not compiled into this kernel: net/veth.c, of 302 files that were; ")
    vulnerabilities.note_kernel_files(world, maker.staff, one.id, "kernel/fork.o\nnet/veth.o\n")
    vulnerabilities.match(world)
    assert [aside.flaw for aside in vulnerabilities.settled(world, one.id)] == [
        "CVE-2024-0002"
    ]  # a person's list leads
