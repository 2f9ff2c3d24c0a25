"""Our VEX before judges that are not ours: CycloneDX' own schema, and an OpenVEX library that checks what it reads."""

import importlib
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest

from careful.vulnerabilities.model import JUSTIFICATIONS
from careful.vulnerabilities.statements import read_statements
from careful.vulnerabilities.vex import Statement, cyclonedx, openvex

JUDGES = ("cyclonedx-python-lib==11.12.0", "vexipy==0.3.0", "rfc3987==1.3.8")
CACHE = Path(__file__).parents[2] / ".cache" / "vex-judges-1"
AT = datetime(2026, 11, 2, tzinfo=UTC)
LONG = "It is not called, as the option is off. " * 500
SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79"


def said(status="affected", **more):
    fields = {
        "flaw": "CVE-2024-0001",
        "version": "1.0.0",
        "status": status,
        "justification": JUSTIFICATIONS[0] if status == "not_affected" else "",
        "statement": "Because.",
        "action": "",
        "severity": "high",
        "exploited": False,
        "fixed_in": "",
        "components": ("pkg:pypi/pillow@1",),
        "at": AT,
    }
    return Statement(**(fields | more))


ALL = {
    "affected": [said()],
    "accepted risk": [said(accepted=True, action="Keep it inside.")],
    "fixed": [said("fixed", version="1.0.1", components=())],
    "under investigation": [said("under_investigation", severity="unknown", statement="")],
    **{f"not affected: {one}": [said("not_affected", justification=one)] for one in JUSTIFICATIONS},
    "no CVE number": [said(flaw="GHSA-j7hp-h8jx-5ppr"), said(flaw="temp 7 / Ü")],
    "several releases": [said(version=f"1.0.{number}+b {number}") for number in range(50)],
    "components of every kind": [
        said(components=("cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*", "cpe:/a:b:c", "zlib@1.3", "no version@", "a b"))
    ],
    "long and odd words": [
        said("not_affected", statement=LONG),
        said(statement='<b>&"\\ 日本 \u200f\n\n', action="=1+1"),
    ],
    "nothing decided": [],
}


@pytest.fixture(scope="module")
def judges():
    if not CACHE.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(CACHE), *JUDGES]
        if subprocess.run(pip, check=False, capture_output=True, timeout=300).returncode:
            shutil.rmtree(CACHE, ignore_errors=True)
            pytest.skip("the judges cannot be fetched: pip has no index here")
    return CACHE


@pytest.mark.parametrize("name", ALL)
def test_cyclonedx_is_valid_by_its_own_schema(judges, name):
    folder = judges / "cyclonedx" / "schema" / "_res"
    files = {
        one: next(folder.glob(f"{one.split('.')[0]}*.json")) for one in ("spdx.schema.json", "jsf-0.82.schema.json")
    }
    parts = [
        (f"http://cyclonedx.org/schema/{called}", json.loads(path.read_text()))
        for one, path in files.items()
        for called in (one, one.replace(".schema", ".SNAPSHOT.schema"))
    ]
    schema = json.loads((folder / "bom-1.6.SNAPSHOT.schema.json").read_text())
    validator = jsonschema_rs.validator_for(schema, registry=jsonschema_rs.Registry(parts))
    document = json.loads(json.dumps(cyclonedx("cam 1", "Søren & Co", SERIAL, AT, ALL[name])))
    assert [str(one) for one in validator.iter_errors(document)] == []


@pytest.mark.parametrize("name", [one for one in ALL if one != "nothing decided"])
def test_openvex_is_read_by_a_library_that_checks_it(judges, name, monkeypatch):
    monkeypatch.syspath_prepend(str(judges))
    vexipy = importlib.import_module("vexipy")
    text = json.dumps(openvex("cam 1", "Søren & Co", "https://h.example/openvex/cam-1", AT, ALL[name]))
    read = vexipy.Document.from_json(text)
    assert len(read.statements) == len(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_we_read_it_again_statement_by_statement(name):
    for document in (
        openvex("cam 1", "Søren", "https://h.example/openvex/cam-1", AT, ALL[name]),
        cyclonedx("cam 1", "Søren", SERIAL, AT, ALL[name]),
    ):
        found = read_statements(json.dumps(document).encode()).said
        assert [(one.names[0], one.status, one.justification, one.why_not) for one in found] == [
            (one.flaw, one.status, one.justification, "") for one in ALL[name]
        ]


def test_the_judges_find_what_is_wrong(judges, monkeypatch):
    monkeypatch.syspath_prepend(str(judges))
    vexipy = importlib.import_module("vexipy")
    document = openvex("cam-1", "H", "https://h.example/openvex/cam-1", AT, [said()])
    document["statements"][0]["status"] = "fine"
    with pytest.raises(ValueError, match="fine"):
        vexipy.Document.from_json(json.dumps(document))
