"""Whether Article 14 binds, by the attribute that makes it so."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from careful import products
from careful.obligations.applying import applies

CAMERA = Path(__file__).parents[2] / "examples" / "products" / "cam-1" / "product.yaml"
DAY = date(2026, 11, 2)


def declared(**change):
    content = yaml.safe_load(CAMERA.read_text())
    for path, value in change.items():
        place = content
        *steps, last = path.split("__")
        for step in steps:
            place = place[step]
        place[last] = value
    return products.parse(yaml.safe_dump(content).encode())


def test_it_binds_a_camera_sold_in_the_union():
    found = applies([declared()], DAY)
    assert found.answer == "yes"
    assert "Article 14 binds" in found.says


@pytest.mark.parametrize(
    ("change", "because"),
    [
        pytest.param({"markets": ["US"]}, "not sold in EU (markets: US)", id="not sold there"),
        pytest.param({"product__regulated_as": ["medical_device"]}, "product.regulated_as is", id="a medical device"),
    ],
)
def test_it_does_not_bind_and_says_by_what(change, because):
    found = applies([declared(**change)], DAY)
    assert found.answer == "no"
    assert because in found.says


def test_a_blank_is_not_a_no():
    found = applies([declared(markets=None)], DAY)
    assert found.answer == "unknown"
    assert "leaves blank markets" in found.says


def test_not_in_force_yet():
    found = applies([declared()], date(2026, 9, 10))
    assert found.answer == "no"
    assert "applies from 2026-09-11" in found.says
    assert applies([declared()], date(2026, 9, 11)).answer == "yes"


def test_one_bound_product_is_enough():
    assert applies([declared(markets=["US"]), declared()], DAY).answer == "yes"
    assert applies([declared(markets=["US"]), declared(markets=None)], DAY).answer == "unknown"


def test_no_product_is_not_a_no():
    assert applies([], DAY).answer == "unknown"
