"""Lists of compiled files: as builds write their paths, and which of them are believed."""

import pytest

from careful.releases import sources

TREE = [f"drivers/net/card{at}.c" for at in range(400)] + ["init/main.c", "arch/arm64/kernel/entry.S"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("linux-6.6/init/main.c", True, id="C"),
        pytest.param("arch/arm64/kernel/entry.S", True, id="assembler"),
        pytest.param("rust/kernel/lib.rs", True, id="Rust"),
        pytest.param("include/linux/module.h", False, id="a header is compiled into others"),
        pytest.param("Makefile", False, id="a makefile"),
        pytest.param("a/" * 400 + "b.c", False, id="too long a path"),
        pytest.param(None, False, id="no name"),
    ],
)
def test_what_is_compiled_by_itself(name, kept):
    assert bool(sources.of_source(name)) == kept


@pytest.mark.parametrize(
    "root",
    [
        pytest.param("", id="from the root"),
        pytest.param("./", id="from here"),
        pytest.param("linux-yocto-6.12.38+git/", id="Yocto: name and version"),
        pytest.param("linux-yocto-6.6.63+git-r0/", id="Yocto: with revision"),
        pytest.param("kernel-source/", id="Yocto: as its work folder is called"),
        pytest.param("sources/linux-6.12/", id="Yocto 5.3"),
        pytest.param("/usr/src/kernel/", id="as debug information has it"),
    ],
)
def test_the_root_is_taken_off(root):
    assert sources.rooted(f"{root}{path}" for path in TREE) == frozenset(TREE)


def test_of_two_roots_that_of_the_kernel_is_taken():
    own = [f"linux/{path}" for path in TREE]
    assert sources.rooted([*own, "busybox/init/main.c"]) == frozenset([*TREE, "busybox/init/main.c"])


@pytest.mark.parametrize(
    ("files", "modules", "why"),
    [
        pytest.param(TREE, [], "", id="whole"),
        pytest.param(
            [path for path in TREE if path != "init/main.c"], [],
            "lacks init/main.c, which is in every kernel", id="of the modules alone: built without debug information",
        ),
        pytest.param(
            TREE[300:], [], "names 102 files; a kernel has more than 300 and fewer than 100,000", id="a part of it",
        ),
        pytest.param(
            TREE, [f"kernel-module-wifi{at}-6.6.1" for at in range(5)],
            "has 0 of the 5 modules that are listed", id="without its modules: they were built without",
        ),
        pytest.param(TREE, ["kernel-module-wifi-6.6.1"], "", id="one module may be made of files of other names"),
        pytest.param(
            TREE, ["kernel-module-card1-6.6.1-yocto-standard", *(f"kernel-module-wifi{at}-6.6" for at in range(8))],
            "", id="with a module",
        ),
    ],
)  # fmt: skip
def test_what_is_believed(files, modules, why):
    assert sources.doubt(frozenset(files), modules) == why


def test_more_files_than_a_kernel_has():
    many = frozenset(["init/main.c", *(f"drivers/a{at}.c" for at in range(sources.MOST_FILES))])
    assert sources.doubt(many, []).startswith("names 100,001 files")
