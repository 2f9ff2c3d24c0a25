"""Documents of CycloneDX: what is used of them is typed, what else they hold is passed over."""

import msgspec
import pytest

from careful.releases.cyclonedx_elements import Bom, Identity, Property, Tool, Tools


def read(**document):
    return msgspec.json.decode(
        msgspec.json.encode({"bomFormat": "CycloneDX", "specVersion": "1.6"} | document), type=Bom
    )


def test_what_is_not_used_is_passed_over():
    (part,) = read(components=[{"name": "a", "description": 1, "externalReferences": [{"url": "x"}]}]).components
    assert (part.name, part.type, part.version) == ("a", "library", None)


def test_tools_are_a_list_or_since_1_5_components():
    assert read(metadata={"tools": [{"name": "a"}]}).metadata.tools == [Tool("a")]
    assert read(metadata={"tools": {"components": [{"name": "a"}]}}).metadata.tools == Tools([Tool("a")])


def test_evidence_of_identity_is_one_or_since_1_6_several():
    identity = {"field": "cpe", "concludedValue": "cpe:/a:b:c"}
    one, many = (read(components=[{"name": "a", "evidence": {"identity": each}}]) for each in (identity, [identity]))
    assert one.components[0].evidence.identity == Identity("cpe", "cpe:/a:b:c")
    assert many.components[0].evidence.identity == [Identity("cpe", "cpe:/a:b:c")]


@pytest.mark.parametrize("value", ["x", 1, 1.5, True, None])
def test_values_of_properties(value):
    (part,) = read(components=[{"name": "a", "properties": [{"name": "n", "value": value}]}]).components
    assert part.properties == [Property("n", value)]
