import pytest

from careful.kernel.ledger import REGISTRY, Event
from careful.products.events import PagePublished, ProductApproved, ProductDeclared, ProductPutOnSale

EVENTS = [
    pytest.param(ProductDeclared(product="a", digest="d", version=1), "products.declared", id="declared"),
    pytest.param(
        ProductApproved(product="a", digest="d", laws_apply=("x",), laws_unknown=(), streams=2),
        "products.approved",
        id="approved",
    ),
    pytest.param(
        PagePublished(product="a", digest="d", support_until="2031-12-31", update_method="m", data_items=1),
        "products.page_published",
        id="page",
    ),
    pytest.param(ProductPutOnSale(product="a", support_until="2031-12-31"), "products.put_on_sale", id="sale"),
]


@pytest.mark.parametrize(("happened", "name"), EVENTS)
def test_events_are_about_their_product(happened: Event, name: str):
    assert REGISTRY[name] is type(happened)
    assert happened.subject() == "product/a"
    assert happened.data()["product"] == "a"
