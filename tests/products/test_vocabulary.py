from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from careful.products import vocabulary
from careful.products.vocabulary import Part


class Sample(Part):
    one: vocabulary.Name | None = None
    many: tuple[vocabulary.Id, ...] | None = None


def test_a_part_is_frozen_and_has_no_room_for_unknown_names():
    part = Sample(one="x")
    with pytest.raises(ValidationError, match="frozen"):
        part.one = "y"  # type: ignore[misc]  # that is the point
    with pytest.raises(ValidationError, match="Extra inputs"):
        Sample.model_validate({"two": 1})
    assert Sample() == Sample(one=None, many=None)


FITS = [
    pytest.param(vocabulary.ProductId, "cam-1", True, id="product id"),
    pytest.param(vocabulary.ProductId, "cam_1", False, id="product id with underscore"),
    pytest.param(vocabulary.ProductId, "cam-1\n", False, id="product id with a line break"),
    pytest.param(vocabulary.ProductId, "", False, id="no product id"),
    pytest.param(vocabulary.DataId, "A_b-9", True, id="data id"),
    pytest.param(vocabulary.DataId, "x" * 65, False, id="long data id"),
    pytest.param(vocabulary.DataId, "a+", False, id="data id with a wildcard"),
    pytest.param(vocabulary.FieldName, "gps.lat", True, id="field with a dot"),
    pytest.param(vocabulary.FieldName, "a b", False, id="field with a blank"),
    pytest.param(vocabulary.Market, "US-CA", True, id="state"),
    pytest.param(vocabulary.Market, "EU", True, id="union"),
    pytest.param(vocabulary.Market, "Europe", False, id="word"),
    pytest.param(vocabulary.Name, "Hearth Cäm", True, id="name"),
    pytest.param(vocabulary.Name, "a\tb", False, id="name with a tab"),
    pytest.param(vocabulary.Count, 10**13, False, id="too many"),
    pytest.param(vocabulary.Day, date(1989, 12, 31), False, id="before any of this"),
]


@pytest.mark.parametrize(("kind", "value", "fits"), FITS)
def test_words(kind, value, fits):
    adapter = TypeAdapter(kind)
    if fits:
        assert adapter.validate_python(value) == value
    else:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)
