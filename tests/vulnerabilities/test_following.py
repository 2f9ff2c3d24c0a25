"""Following decisions into later releases and later feeds: what holds, and what asks for another look."""

import json
from datetime import timedelta

import pytest
from flaws_sample import kev, osv

from careful import releases, vulnerabilities
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, TooLarge

FLAW, LATER = "CVE-2023-4863", "2026-10-20T00:00:00Z"
WHY = "vulnerable_code_not_in_execute_path"


def happened(world, *wanted):
    with world.look() as connection:
        return ledger.read(connection, names=[f"vulnerabilities.{name}" for name in wanted])


def ship_patched(maker, version, *patches):
    """Ship a release whose pillow has patches against these flaws, or of these file names."""
    listed = [
        {"type": "unofficial", "diff": {"url": one}}
        if one.endswith(".patch")
        else {"type": "backport", "resolves": [{"type": "security", "name": one}]}
        for one in patches
    ]
    part = {"type": "library", "name": "pillow", "version": "10.0.0", "purl": "pkg:pypi/pillow@10.0.0"}
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part | {"pedigree": {"patches": listed}}]}
    image = maker.folder / f"image-{version}"
    image.write_bytes(version.encode())
    one = releases.add(maker.world, maker.staff, "cam-1", version, image, json.dumps(sbom).encode(), ("rev-a",)).release
    return releases.mark_signed(maker.world, maker.staff, one.id, ("k1",), 1)


@pytest.fixture
def judged(maker, world):
    """1.0.0 has the flaw, and is judged not affected."""
    maker.feed(osv("GHSA-1", aliases=[FLAW]))
    ship_patched(maker, "1.0.0", "CVE-2020-0001")
    vulnerabilities.match(world)
    vulnerabilities.judge(world, maker.staff, maker.the_case().id, "not_affected", WHY)
    vulnerabilities.close(world, maker.staff, maker.the_case().id)
    return maker.the_case().id


def test_the_same_again_inherits_the_decision(maker, world, judged):
    ship_patched(maker, "1.0.1", "CVE-2020-0001")
    vulnerabilities.match(world)
    one = maker.the_case()
    assert (one.state, one.review, one.releases) == ("closed", None, ("1.0.0", "1.0.1"))
    assert {said.status for said in vulnerabilities.vex(world, "cam-1")} == {"not_affected"}


def test_another_patch_set_asks(maker, world, judged, clock):
    clock.advance(timedelta(days=400))
    ship_patched(maker, "1.0.1", "CVE-2020-0002")
    vulnerabilities.match(world)
    one = maker.the_case()
    assert (one.state, one.due) == ("open", clock.now() + timedelta(days=30))  # not overdue since last year
    assert one.review == "the patches of pillow 10.0.0 changed in 1.0.1: CVE-2020-0002 came; CVE-2020-0001 went"
    said = {each.version: each.status for each in vulnerabilities.vex(world, "cam-1")}
    assert said == {"1.0.0": "not_affected", "1.0.1": "under_investigation"}


def test_a_patch_that_names_no_flaw_counts_too(maker, world, judged):
    """What was judged harmless may be so by such a patch."""
    ship_patched(maker, "1.0.1", "CVE-2020-0001", "0005-no-webp.patch")
    vulnerabilities.match(world)
    assert maker.the_case().review == "the patches of pillow 10.0.0 changed in 1.0.1: 0005-no-webp.patch came"
    vulnerabilities.judge(world, maker.staff, judged, "not_affected", WHY)
    ship_patched(maker, "1.0.2")
    vulnerabilities.match(world)
    assert "0005-no-webp.patch" not in maker.the_case().review  # 1.0.0 was judged without it
    assert maker.the_case().review.endswith("changed in 1.0.2: CVE-2020-0001 went")


def kernel_flaw(name, *files):
    affected = [{"version": "6.0", "status": "affected", "lessThan": "6.9", "versionType": "custom"}]
    product = {"vendor": "Linux", "product": "Linux", "programFiles": files, "versions": affected}
    product |= {"defaultStatus": "unaffected", "cpes": ["cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"]}
    return {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {"cveId": name, "state": "PUBLISHED", "dateUpdated": "2026-10-01T00:00:00Z"},
        "containers": {"cna": {"descriptions": [{"lang": "en", "value": "A flaw"}], "affected": [product]}},
    }


def ship_kernel(maker, version):
    part = {"type": "operating-system", "name": "linux", "version": "6.6.1"}
    part |= {"cpe": "cpe:2.3:o:linux:linux_kernel:6.6.1:*:*:*:*:*:*:*"}
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part]}
    image = maker.folder / f"kernel-{version}"
    image.write_bytes(version.encode())
    one = releases.add(maker.world, maker.staff, "cam-1", version, image, json.dumps(sbom).encode(), ("rev-a",)).release
    return releases.mark_signed(maker.world, maker.staff, one.id, ("k1",), 1)


def test_another_kernel_config_asks(maker, world):
    """What is compiled sets flaws aside, and moves decisions on those that stay."""
    maker.feed(kernel_flaw("CVE-2024-0001", "net/veth.c"), kernel_flaw("CVE-2024-0002", "net/tun.c", "net/tap.c"))
    first = ship_kernel(maker, "1.0.0")
    noted = vulnerabilities.note_kernel_files
    assert noted(world, maker.staff, first.id, "kernel/fork.o\nnet/tun.o\n") == 2
    vulnerabilities.match(world)
    one = maker.the_case()
    assert one.flaw == "CVE-2024-0002"
    (aside,) = vulnerabilities.settled(world, first.id)
    assert aside.evidence.startswith("not compiled into this kernel: net/veth.c, of 2 files that were")
    vulnerabilities.judge(world, maker.staff, one.id, "not_affected", WHY)
    second = ship_kernel(maker, "1.0.1")
    noted(world, maker.staff, second.id, "kernel/fork.o\nnet/tun.o\n")
    vulnerabilities.match(world)
    assert maker.the_case().review is None
    noted(world, maker.staff, second.id, "kernel/fork.o\nnet/tun.o\nnet/tap.o\n")
    assert vulnerabilities.match(world) == 2
    assert maker.the_case().review == "what is compiled of linux 6.6.1 changed in 1.0.1: net/tap.c came"


def test_an_exploited_flaw_of_the_kernel_is_not_set_aside_by_a_list(maker, world):
    maker.feed(kernel_flaw("CVE-2024-0001", "net/veth.c"))
    maker.feed(kev("CVE-2024-0001"))
    release = ship_kernel(maker, "1.0.0")
    vulnerabilities.note_kernel_files(world, maker.staff, release.id, "kernel/fork.o\n")
    vulnerabilities.match(world)
    assert (maker.the_case().exploited, vulnerabilities.settled(world, release.id)) == (True, [])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("", Invalid, id="nothing"),
        pytest.param("CONFIG_VETH=y\n", Invalid, id="a config is no list"),
        pytest.param("a/" * (9 << 20), TooLarge, id="too large"),
    ],
)
def test_lists_that_are_none(maker, world, text, error):
    release = ship_kernel(maker, "1.0.0")
    with pytest.raises(error):
        vulnerabilities.note_kernel_files(world, maker.staff, release.id, text)
    with pytest.raises(NotFound):
        vulnerabilities.note_kernel_files(world, maker.staff, "nowhere", "net/tun.o")


def test_a_judgement_covers_every_version_it_was_made_on(maker, world, judged):
    ship_patched(maker, "1.0.1", "CVE-2020-0002")
    vulnerabilities.match(world)
    vulnerabilities.judge(world, maker.staff, judged, "not_affected", WHY)
    ship_patched(maker, "1.0.2", "CVE-2020-0001")
    ship_patched(maker, "1.0.3", "CVE-2020-0002")
    assert vulnerabilities.match(world) == 2
    assert maker.the_case().review is None


@pytest.mark.parametrize(
    ("record", "says"),
    [
        pytest.param(
            osv("GHSA-1", ranges=[("0", "10.0.2")], aliases=[FLAW], modified=LATER),
            "what osv says of pillow 10.0.0 changed (GHSA-1): range: in [0, 10.0.1) -> in [0, 10.0.2); "
            "fixed in: 10.0.1 -> 10.0.2",
            id="another range",
        ),
        pytest.param(
            osv("GHSA-1", aliases=[FLAW], modified=LATER) | {"summary": "Code of your choice runs"},
            "what osv says of pillow 10.0.0 changed (GHSA-1): words: “GHSA-1 in pillow” -> “Code of your choice runs”",
            id="other words",
        ),
        pytest.param(
            osv("GHSA-1", ranges=[("0", "10.0.1"), ("11", "11.2")], aliases=[FLAW], modified=LATER), None,
            id="a range that is not about our version",
        ),
        pytest.param(osv("GHSA-1", aliases=[FLAW], modified=LATER), None, id="the same again"),
        pytest.param(osv("PYSEC-1", aliases=[FLAW], modified=LATER), None, id="another record that agrees"),
    ],
)  # fmt: skip
def test_what_the_lists_say(maker, world, judged, record, says):
    maker.feed(record)
    vulnerabilities.match(world)
    assert maker.the_case().review == says
    assert len(happened(world, "review_asked")) == (says is not None)
    assert vulnerabilities.match(world) == 0


def test_what_the_lists_say_of_an_old_release_counts_while_a_device_runs_it(maker, world, judged):
    ship_patched(maker, "1.0.1", FLAW)  # a fix: its SBOM settles the flaw
    vulnerabilities.match(world)
    changed = osv("GHSA-1", aliases=[FLAW], modified=LATER) | {"summary": "Worse"}
    maker.feed(changed)
    vulnerabilities.match(world)
    assert maker.the_case().review is None
    maker.devices("1.0.0", "cam-1-001")
    vulnerabilities.match(world)
    assert "Worse" in maker.the_case().review


def test_a_fixed_fleet_is_left_alone(maker, world):
    maker.feed(osv("GHSA-1", aliases=[FLAW]))
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.ship("1.0.1", "pillow==10.0.1")
    vulnerabilities.match(world)
    case = maker.the_case().id
    vulnerabilities.judge(world, maker.staff, case, "affected", action="Update.")
    vulnerabilities.close(world, maker.staff, case)
    maker.feed(osv("GHSA-1", aliases=[FLAW], modified=LATER) | {"summary": "Worse"})
    vulnerabilities.match(world)
    assert (maker.the_case().state, maker.the_case().review) == ("closed", None)


def test_a_decision_of_before_is_completed_not_asked_about(maker, world, judged):
    """What was not noted with it is taken from the first look, and compared from then on."""
    with world.change(maker.staff) as work:
        from careful.vulnerabilities import store  # noqa: PLC0415 (an old row can be written in no other way)

        store.set_case(work.connection, judged, judged_on={"pillow": "10.0.0"})
    assert vulnerabilities.match(world) == 0
    assert maker.the_case().review is None
    ship_patched(maker, "1.0.1", "CVE-2020-0002")
    vulnerabilities.match(world)
    assert "CVE-2020-0002 came" in maker.the_case().review


def test_a_draft_asks_when_it_is_signed(maker, world, judged):
    draft = maker.ship("1.0.1", "pillow==9.0.0", sign=False)
    vulnerabilities.match(world)
    assert maker.the_case().review is None
    releases.mark_signed(world, maker.staff, draft.id, ("k1",), 2)
    vulnerabilities.match(world)
    assert maker.the_case().review == "pillow moved from 10.0.0 to 9.0.0 in 1.0.1, and still has it"


def test_an_acceptance_that_is_over_is_told_once(maker, world, clock):
    maker.feed(osv("GHSA-1", aliases=[FLAW]))
    maker.ship("1.0.0", "pillow==10.0.0")
    vulnerabilities.match(world)
    until = clock.now() + timedelta(days=1)
    vulnerabilities.judge(world, maker.staff, maker.the_case().id, "affected", statement="Soon gone.", until=until)
    clock.advance(timedelta(days=2))
    assert [vulnerabilities.match(world) for _ in range(3)] == [1, 0, 0]
