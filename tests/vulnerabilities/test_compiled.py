"""A kernel's flaw is set aside only where each of its source files was left out of the build."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.releases import Found
from careful.vulnerabilities.compiled import Compiled, built, of_sbom, read_list, set_aside, set_aside_as_listed
from careful.vulnerabilities.deciding import Match

KERNEL = Found(name="linux", version="6.6.1", cpe="cpe:2.3:o:linux:linux_kernel:6.6.1:*:*:*:*:*:*:*")
OTHER = Found(name="curl", version="8", cpe="cpe:2.3:a:haxx:curl:8:*:*:*:*:*:*:*")
BUILT = read_list("./kernel/fork.o\n# a remark\n/usr/src/kernel/net/core/dev.c\n\nmm/slub.c\n")


def flaw(*files, component=0):
    return Match(component, "CVE-1", "affected", "high", "", "cpe", "by CVE-1", "", ("CVE-1",), files=files)


@pytest.mark.parametrize(
    ("files", "stays"),
    [
        pytest.param(["drivers/net/veth.c"], False, id="not compiled"),
        pytest.param(["kernel/fork.c"], True, id="its object was made"),
        pytest.param(["net/core/dev.c"], True, id="from another root"),
        pytest.param(["drivers/net/veth.c", "mm/slub.c"], True, id="one of two"),
        pytest.param(["include/linux/net.h"], True, id="a header may be anywhere"),
        pytest.param([], True, id="no file is named"),
        pytest.param(["core/dev.c"], True, id="the end of a path"),
    ],
)
def test_what_stays(files, stays):
    kept, aside = set_aside([flaw(*files)], [KERNEL], BUILT)
    assert (len(kept), len(aside)) == ((1, 0) if stays else (0, 1))


def test_the_evidence_is_kept():
    _, (one,) = set_aside([flaw(*(f"drivers/{name}.c" for name in "abcde"))], [KERNEL], BUILT)
    said = "not compiled into this kernel: drivers/a.c, drivers/b.c, drivers/c.c and 2 more, of 3 files that were"
    assert one.evidence == f"{said}; by CVE-1"


def test_what_was_compiled_of_a_flaws_files():
    files = ["kernel/fork.c", "drivers/net/veth.c", "include/linux/net.h", "kernel/fork.c"]
    assert built(files, Compiled.of(BUILT)) == ("include/linux/net.h", "kernel/fork.c")


@pytest.mark.parametrize(
    ("file", "compiled", "may"),
    [
        pytest.param("fs/smb/client/connect.c", ["fs/cifs/connect.c"], True, id="moved within its top folder"),
        pytest.param("fs/smb/client/connect.c", ["linux-6.1/fs/cifs/connect.c"], True, id="with the build's own root"),
        pytest.param("fs/smb/client/connect.c", ["drivers/nvme/connect.c"], False, id="another of that name"),
        pytest.param("arch/x86/kvm/mmu.c", ["arch/arm64/kvm/mmu.c"], False, id="another architecture"),
        pytest.param("arch/x86/kvm/mmu/mmu.c", ["arch/x86/kvm/mmu.c"], True, id="moved in its architecture"),
        pytest.param("drivers/x/core.c", [f"drivers/{at}/core.c" for at in range(4)], False, id="a name of many"),
        pytest.param("drivers/x/tun.c", ["drivers/y/tun2.c"], False, id="none of that name"),
    ],
)
def test_files_move(file, compiled, may):
    assert of_sbom(compiled).may_have(file) == may


def test_by_the_list_of_the_sbom_itself():
    """Each kernel by its own list; none for one without, nor for a flaw that is exploited."""
    listed = replace(KERNEL, files=frozenset({"kernel/fork.c", "mm/slub.c"}))
    found = [flaw("net/veth.c"), flaw("mm/slub.c"), flaw("net/veth.c", component=1), flaw("net/veth.c", component=2)]
    kept, aside = set_aside_as_listed(found, [listed, KERNEL, OTHER])
    assert [one.component for one in kept] == [0, 1, 2]
    assert [one.evidence for one in aside] == [
        "not compiled into this kernel: net/veth.c, of 2 files that were; by CVE-1"
    ]
    assert set_aside_as_listed(found, [listed, KERNEL, OTHER], {"CVE-1"}) == (found, [])


def test_only_the_kernels():
    assert set_aside([flaw("lib/url.c")], [OTHER], BUILT)[1] == []


@given(st.lists(st.sampled_from(["kernel/fork.c", "drivers/a.c", "mm/slub.c", "x.h"]), max_size=4))
def test_nothing_is_lost(files):
    found = [flaw(*files), flaw(*files, component=1)]
    kept, aside = set_aside(found, [KERNEL, OTHER], BUILT)
    assert len(kept) + len(aside) == 2
