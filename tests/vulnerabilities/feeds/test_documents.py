"""The documents of a feed: every packing, every limit, and the reason where one says nothing."""

import bz2
import gzip
import json
import lzma
from typing import Any

import pytest

from careful.kernel.errors import Invalid
from careful.vulnerabilities.feeds import documents as module
from careful.vulnerabilities.feeds.documents import documents


@pytest.fixture
def given(tmp_path):
    def write(name, content):
        path = tmp_path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


RAW: Any = {"a": [["1"], {"b": "2"}, [["1"], {"b": "2"}, [["1"], {"b": "2"}]]]}


@pytest.mark.parametrize(
    ("name", "content", "raw"),
    [
        pytest.param("a.json", b'{"a": 1}', {"a": 1}, id="JSON"),
        pytest.param("a.json", b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="with a byte order mark"),
        pytest.param(
            "a.yaml",
            b"id: 1\nmodified: 2024-01-01T00:00:00Z\n",
            {"id": "1", "modified": "2024-01-01T00:00:00Z"},
            id="YAML is text",
        ),
        pytest.param("a.jsonl", b'{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}], id="one a line"),
        pytest.param("a.csv", b"cve,epss", "cve,epss", id="a table"),
        pytest.param("a.json.gz", gzip.compress(b"[]"), [], id="compressed"),
        pytest.param("a.jsonl.gz", gzip.compress(b"1\n") + gzip.compress(b"2\n"), [1, 2], id="in several members"),
        pytest.param("a.json.xz", lzma.compress(b"[1]"), [1], id="xz"),
        pytest.param("a.json.xz", lzma.compress(b"[1") + lzma.compress(b"]"), [1], id="xz in two streams"),
        pytest.param("a.json.bz2", bz2.compress(b"[1]"), [1], id="bzip2"),
        pytest.param("a.yaml", b"a: " + b"[[1], {b: 2}, " * 3 + b"]" * 3, RAW, id="brackets"),
        pytest.param("a.yaml", b"a: '" + b"[" * 500 + b"'", {"a": "[" * 500}, id="brackets in words"),
        pytest.param("list.txt", b"[1]", [1], id="one file may be called anything"),
    ],
)
def test_what_can_be_read(given, name, content, raw):
    (one,) = documents(given(name, content))
    assert (one.name, one.raw, one.wrong, one.content) == (name, raw, "", content)


def bomb():
    names = [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 9)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *names]).encode()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        pytest.param("a.json", b"{", "no readable JSON", id="cut off"),
        pytest.param("a.json", b"[" * 100_000, "no readable JSON", id="too deep"),
        pytest.param("a.yaml", b"[" * 200_000, "more than 100 deep", id="YAML in many brackets"),
        pytest.param("a.yaml", b"- " * 100_000, "more than 100 deep", id="YAML in many lists"),
        pytest.param("a.yaml", b"? " * 100_000, "more than 100 deep", id="YAML in many keys"),
        pytest.param(
            "a.yaml", b"".join(b" " * n + b"a:\n" for n in range(2_000)), "more than 100 deep", id="a staircase"
        ),
        pytest.param("a.json.gz", gzip.compress(b"[]") + b"more", "Not a gzipped", id="something follows it"),
        pytest.param("a.yaml", b"a: [", "while parsing", id="no YAML"),
        pytest.param("a.yaml", bomb(), "more than 500,000 values", id="aliases that explode"),
        pytest.param("a.yaml", b"#" * (4 << 20) + b"##", "at most 4 MiB", id="a huge YAML"),
        pytest.param("a.csv", b"\xff\xfe", "no readable", id="no text"),
        pytest.param("a.json.gz", gzip.compress(b"[]")[:-6], "its end is missing", id="cut off and compressed"),
        pytest.param("a.json.gz", gzip.compress(bytes(300 << 20)), "a bomb", id="a bomb"),
        pytest.param("a.json.gz", b"no gzip", "no readable JSON", id="not compressed"),
        pytest.param("a.json.xz", lzma.compress(b"[]")[:-6], "its end is missing", id="xz, cut off"),
        pytest.param("a.json.xz", lzma.compress(bytes(300 << 20)), "a bomb", id="xz, a bomb"),
        pytest.param("a.json.bz2", bz2.compress(b"[]")[:-6], "its end is missing", id="bzip2, cut off"),
        pytest.param("a.json", '{"a": 1}'.encode("utf-16"), "no readable JSON", id="in UTF-16"),
        pytest.param("a.json", b'{"a": "\\ud800"}', "no readable JSON", id="half a sign"),
        pytest.param("a.json", b'{"a": "\xe9"}', "no readable JSON", id="in Latin-1"),
        pytest.param("a.yaml", b"&a [*a]", "recursive node", id="an anchor within itself"),
    ],
)
def test_what_cannot_is_handed_on_with_the_reason(given, name, content, why):
    (one,) = documents(given(name, content))
    assert one.raw is None
    assert why in one.wrong


def test_a_folder_in_order_and_only_what_may_be_a_feed(given):
    for name in ("b/2.json", "a/1.yml", "LICENSE", "c.csv"):
        folder = given(name, b"{}").parents[0]
    assert [one.name for one in documents(folder)] == ["a/1.yml", "b/2.json", "c.csv"]


@pytest.mark.parametrize(("name", "why"), [("missing.json", "is not there"), ("no.zip", "no readable zip")])
def test_what_is_not_there(tmp_path, name, why):
    (tmp_path / "no.zip").write_bytes(b"PK no zip")
    with pytest.raises(Invalid, match=why):
        list(documents(tmp_path / name))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_what_would_fill_the_memory(given, monkeypatch, name):
    monkeypatch.setattr(module, "JSON_VALUES", 1_000)
    (one,) = documents(given(name, b"[" + b"{}," * 1_000 + b"1]"))
    assert "more than 1,000 values" in one.wrong
