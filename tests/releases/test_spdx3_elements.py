"""Elements know their id, type and ends, however the file writes them."""

import msgspec
import pytest

from careful.releases.spdx3_elements import Agent, Creation, Document, Element


def read(**element):
    return msgspec.convert(element, Element)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        pytest.param("software_Package", "Package", id="with its profile"),
        pytest.param("SpdxDocument", "SpdxDocument", id="of the core"),
        pytest.param("https://spdx.org/rdf/3.0.1/terms/Software/Package", "Package", id="in full"),
        pytest.param("software:Package", "Package", id="with a prefix"),
    ],
)
def test_types(kind, what):
    assert read(type=kind).what == what
    assert read(**{"@type": kind}).what == what
    assert read().what == ""


def test_ids():
    assert read(spdxId="a").place == read(**{"@id": "a"}).place == "a"
    assert read().place == ""


def test_ends():
    assert read(to="a").to == read(to=["a"]).to == ["a"]
    assert read().to == []


def test_what_may_stand_inside():
    one = read(suppliedBy={"name": "Us"}, creationInfo={"created": "now", "createdBy": ["x", {"name": "Us"}]})
    assert one.supplier == Agent("Us")
    assert one.creation == Creation("now", ["x", Agent("Us")])


def test_a_document_is_its_graph():
    found = msgspec.json.decode(b'{"@context": "x", "@graph": [{"type": "Tool", "more": 1}]}', type=Document)
    assert [one.what for one in found.graph] == ["Tool"]
