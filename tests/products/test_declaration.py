import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from careful.products.declaration import BUILT_IN_EVENTS, CONNECTIONS, RESET, Declaration
from careful.products.parsing import parse
from careful.products.permit import BUILT_IN

REQUIRED = {"format", "product", "id", "name"}


def parts(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield kind
    for field in kind.model_fields.values():
        yield from inside(field.annotation)


def inside(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from parts(annotation)
    for one in get_args(annotation):
        yield from inside(one)


@pytest.mark.parametrize("part", sorted(set(parts(Declaration)), key=lambda one: one.__name__))
def test_every_field_may_be_blank_and_nothing_else_is_its_default(part: type[BaseModel]):
    for name, field in part.model_fields.items():
        assert field.is_required() == (name in REQUIRED and field.is_required()), name
        if not field.is_required():
            assert field.default is None, name
            assert type(None) in get_args(field.annotation), name
    assert inspect.getdoc(part)


def test_only_ids_are_required():
    required = {
        (part.__name__, name)
        for part in parts(Declaration)
        for name, field in part.model_fields.items()
        if field.is_required()
    }
    assert required == {
        ("Declaration", "format"),
        ("Declaration", "product"),
        ("ProductPart", "id"),
        ("Interface", "id"),
        ("Element", "id"),
        ("DataItem", "id"),
        ("EventItem", "name"),
        ("Supplier", "id"),
        ("Journey", "id"),
        ("Environment", "id"),
    }


def test_the_sections_are_those_of_the_schema():
    names = {field.alias or name for name, field in Declaration.model_fields.items()}
    wanted = """schema product markets audience claims support connectivity interfaces hardware software
    ecosystem data events suppliers journeys environments accountable contact"""
    assert names == set(wanted.split())


def test_a_product_without_a_name_goes_by_its_id(small: bytes):
    assert parse(small).name == "Test Cam"
    assert parse(b"schema: product/1\nproduct: {id: cam-9}\n").name == "cam-9"


def test_the_events_every_device_may_send_are_the_gateway_s(small: bytes):
    assert {*BUILT_IN_EVENTS, RESET, CONNECTIONS} == set(BUILT_IN)
    assert parse(small).id == "cam-9"


def test_every_field_is_documented():
    guide = (Path(__file__).parents[2] / "docs" / "product-file.md").read_text()
    names = {field.alias or name for part in parts(Declaration) for name, field in part.model_fields.items()}
    assert sorted(name for name in names if f"`{name}`" not in guide) == []
