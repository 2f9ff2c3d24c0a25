import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from careful.demo import wheels
from careful.kernel.errors import Invalid, Refused, Unavailable

METADATA = "Metadata-Version: 2.1\nName: Toy_Box\nVersion: 1.2\n"


def wheel(folder: Path, files: dict[str, bytes] | None = None, metadata: str = METADATA) -> Path:
    path = folder / "toy_box-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy_box-1.2.dist-info/METADATA", metadata)
        archive.writestr("toy_box-1.2.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        for name, content in (files or {"toy_box/__init__.py": b""}).items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param("License-Expression: MIT\nLicense: other\n", ("MIT", True), id="an expression comes first"),
        pytest.param("License: Apache 2\n", ("Apache 2", False), id="a short field as it stands"),
        pytest.param(
            "License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License\n",
            ("BSD License", False),
            id="the classifier, where the field says nothing",
        ),
        pytest.param("", ("", False), id="nothing where nothing is stated"),
    ],
)
def test_licence_as_stated(tmp_path, lines, expected):
    read = wheels.read_wheel(wheel(tmp_path, metadata=METADATA + lines), "site")
    assert (read.licence, read.is_expression) == expected


def test_files_go_where_an_installer_puts_them(tmp_path):
    read = wheels.read_wheel(
        wheel(
            tmp_path,
            {
                "toy_box/a.py": b"a",
                "toy_box-1.2.data/scripts/toy": b"#!python\n",
                "toy_box-1.2.data/purelib/pure.py": b"p",
                "toy_box-1.2.data/data/share/doc": b"d",
            },
        ),
        "site",
    )
    assert set(read.files) == {
        "site/toy_box-1.2.dist-info/METADATA",
        "site/toy_box-1.2.dist-info/WHEEL",
        "site/toy_box/a.py",
        "usr/bin/toy",
        "site/pure.py",
        "usr/share/doc",
    }
    assert read.purl == "pkg:pypi/toy-box@1.2"
    assert read.sha256 == hashlib.sha256(read.path.read_bytes()).hexdigest()


def test_bundled_libraries_have_a_version_only_where_the_wheel_says_one(tmp_path):
    own = {"components": [{"name": "libTiff", "version": "4.7.2"}, {"name": "libodd"}]}
    read = wheels.read_wheel(
        wheel(
            tmp_path,
            {
                "toy_box.libs/libtiff-0c352bdc.so.6.3.0": b"t",
                "toy_box.libs/libodd.so.1": b"o",
                "toy_box/_native.so": b"n",
                "toy_box-1.2.dist-info/sboms/x.cdx.json": json.dumps(own).encode(),
                "toy_box-1.2.dist-info/sboms/broken.json": b"{",
            },
        ),
        "site",
    )
    assert [(one.name, one.version, one.path) for one in read.libraries] == [
        ("libodd", "", "site/toy_box.libs/libodd.so.1"),
        ("libtiff", "4.7.2", "site/toy_box.libs/libtiff-0c352bdc.so.6.3.0"),
    ]


@pytest.mark.parametrize(
    "content", [pytest.param(b"no zip", id="no archive"), pytest.param(None, id="an archive that is no wheel")]
)
def test_what_is_no_wheel_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "toy.whl"
    if content is None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a", b"")
        content = buffer.getvalue()
    path.write_bytes(content)
    with pytest.raises(Invalid, match="not a wheel"):
        wheels.read_wheel(path, "site")


def test_a_line_without_a_hash_is_refused_with_its_place(tmp_path):
    (tmp_path / "cam-1-1.0.0.txt").write_text("# ok\ntoy==1.2\n")
    with pytest.raises(Invalid) as refused:
        wheels.read_pins(tmp_path / "cam-1-1.0.0.txt")
    assert refused.value.where == "cam-1-1.0.0.txt:2"


def test_what_is_in_the_cache_needs_no_network(tmp_path, monkeypatch):
    path = wheel(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "list.txt").write_text(f"toy_box==1.2 --hash=sha256:{digest}\n")
    monkeypatch.setattr(wheels, "_download", lambda *_: pytest.fail("asked the network"))
    assert wheels.fetch(tmp_path / "list.txt", tmp_path) == [path]


def _list_of(folder: Path, digest: str) -> Path:
    listing = folder / "toy-1.2.txt"
    listing.write_text(f"toy_box==1.2 --hash=sha256:{digest}\n")
    return listing


def test_offline_is_one_clear_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unavailable) as refused:
        wheels.fetch(_list_of(tmp_path, "0" * 64), tmp_path / "cache")
    assert str(refused.value).startswith("The published packages of toy-1.2 could not be fetched.")
    assert refused.value.do


def test_other_bytes_than_the_list_names_are_refused(tmp_path, monkeypatch):
    served = tmp_path / "served"
    served.mkdir()
    wheel(served)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(served))
    with pytest.raises(Refused, match="not what the list names"):
        wheels.fetch(_list_of(tmp_path, "0" * 64), tmp_path / "cache")
    assert list((tmp_path / "cache").glob("*.whl")) == []


def test_the_right_bytes_are_taken(tmp_path, monkeypatch):
    served = tmp_path / "served"
    served.mkdir()
    digest = hashlib.sha256(wheel(served).read_bytes()).hexdigest()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(served))
    assert [path.name for path in wheels.fetch(_list_of(tmp_path, digest), tmp_path / "cache")] == [
        "toy_box-1.2-py3-none-any.whl"
    ]
