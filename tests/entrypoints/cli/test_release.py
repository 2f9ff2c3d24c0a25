"""`careful release` as typed."""

from pathlib import Path

import pytest
from flaws_cli import read, typed
from flaws_sample import purls

from careful import products, releases
from careful.entrypoints.cli.release import command
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge


@pytest.fixture
def files(tmp_path):
    (tmp_path / "cam.img").write_bytes(b"image")
    (tmp_path / "sbom.json").write_bytes(purls("pillow==10.0.0", "libz"))
    return tmp_path


@pytest.fixture
def run(world, staff, files):
    text = b"schema: product/1\nproduct: {id: cam-1, name: Test, models: [cam-1]}\n"
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    return lambda *arguments: typed(command, world, *arguments)


@pytest.fixture
def add(run, files):
    given = ("--image", str(files / "cam.img"), "--sbom", str(files / "sbom.json"), "--hardware", "rev-a")
    return lambda *more: run("add", "cam-1", "1.0.0", *given, *more)


def test_add_accounts_for_every_component(add):
    said = add("--fixes", "CVE-2023-4863", "--notes", "first").stdout
    assert "cam-1 1.0.0 added" in said
    assert "1 taken, 0 merged, 1 unmatchable, 0 left out" in said
    assert "libz : no version ($.components[1])" in said
    assert "careful release sign cam-1 1.0.0" in said
    assert "was here already" in add("--fixes", "CVE-2023-4863").stdout


def test_add_says_what_the_sbom_lacks_and_what_is_strange(add, files):
    (files / "sbom.json").write_bytes(
        b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":['
        + b'{"name":"a","version":"1.0","purl":"pkg:pypi/a@1.1"},' * 20
        + b'{"name":"a\\u202e","purl":"pkg:pypi/a"}]}'
    )
    said = add().stdout
    assert "Not stated, of the minimum elements of an SBOM: supplier (2 of 2), version (1 of 2)" in said
    assert "Remark: $.components[20]: its name or version holds signs that cannot be seen" in said
    assert "and 1 more: careful release show" in said


def test_add_for_programs(add):
    done = read(add("--json"))
    assert done["release"]["hardware"] == ["rev-a"]
    assert done["report"]["unmatchable"] == 1
    assert done["new"] is True


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"sbom.json": b"{"}, Invalid, id="malformed SBOM"),
        pytest.param({"sbom.json": None}, NotFound, id="no SBOM"),
        pytest.param({"cam.img": None}, NotFound, id="no image"),
    ],
)
def test_what_cannot_be_added(add, files, change, error):
    for name, content in change.items():
        if content is None:
            (files / name).unlink()
        else:
            (files / name).write_bytes(content)
    with pytest.raises(error):
        add()


def test_an_sbom_that_is_too_large_is_not_even_read(add, files):
    with (files / "sbom.json").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(TooLarge, match="64 MiB"):
        add()


def test_list_and_show(run, add):
    assert "No release yet" in run("list").stdout
    add()
    assert "cam-1\t1.0.0\tdraft\trev-a\t2\t1" in run("list", "cam-1").stdout
    assert len(read(run("list", "--json"))) == 1
    said = run("show", "cam-1", "1.0.0", "--components").stdout
    assert "CycloneDX 1.6 JSON: 1 taken" in said
    assert "pillow\t10.0.0\tpkg:pypi/pillow@10.0.0\tyes" in said
    assert [part["name"] for part in read(run("show", "cam-1", "1.0.0", "--components", "--json"))["components"]] == [
        "pillow",
        "libz",
    ]
    with pytest.raises(NotFound):
        run("show", "cam-1", "9")


def test_verify(run, add, world):
    add()
    assert "are what was added" in run("verify", "cam-1", "1.0.0").stdout
    one = releases.get(world, "cam-1", "1.0.0")
    path: Path = releases.artifact_path(world, one.artifact.sha256)
    path.write_bytes(b"altered")
    done = run("verify", "cam-1", "1.0.0", "--json")
    assert (done.exit_code, read(done)["image"], read(done)["sbom"]) == (1, False, True)
    with pytest.raises(Refused, match="image on disk altered or gone"):
        run("verify", "cam-1", "1.0.0")


def test_signing_commands_stand_beside_ours(run):
    said = run("--help").stdout
    for name in ("add", "list", "show", "verify", "sign", "publish"):
        assert f"  {name}" in said


def test_further_files_before_it_is_signed(add, run, files):
    add()
    (files / "app.bin").write_bytes(b"app")
    given = ("part", "cam-1", "1.0.0", str(files / "app.bin"), "--part", "bApp", "--name", "player")
    assert "has 2 files" in run(*given).stdout
    told = read(run(*given, "--json"))
    assert [(one["part"], one["name"], one["artifact"]["filename"]) for one in told["parts"]] == [
        ("bApp", "player", "app.bin")
    ]
