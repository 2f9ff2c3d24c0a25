import pytest

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound
from careful.kernel.work import World


def test_a_product_as_declared(world: World, staff: Actor, small: bytes):
    made = products.declare(world, staff, small)
    found = products.get(world, "cam-9")
    assert (found.id, found.name, found.models, found.stage) == ("cam-9", "Test Cam", ("TC-9",), "declared")
    assert (found.digest, found.version, found.pending) == (made.digest, 1, None)
    assert found.declared_at == world.clock.now()
    assert (found.approved_at, found.page_published_at, found.on_sale_at) == (None, None, None)


def test_products_are_listed_by_id(world: World, staff: Actor, small: bytes):
    assert products.list_all(world) == []
    for name in (b"zed", b"abc"):
        products.declare(world, staff, small.replace(b"cam-9", name))
    assert [one.id for one in products.list_all(world)] == ["abc", "zed"]


def test_the_permit_is_that_of_the_declaration_in_force(world: World, staff: Actor, filled: bytes):
    products.declare(world, staff, filled)
    assert set(products.permit_of(world, "cam-9").streams) == {"telemetry", "motion"}
    products.approve(world, staff, "cam-9")
    products.declare(world, staff, filled.replace(b"id: motion,", b"id: moved,"))
    assert "motion" in products.permit_of(world, "cam-9").streams
    products.approve(world, staff, "cam-9")
    assert set(products.permit_of(world, "cam-9").streams) == {"telemetry", "moved"}


def test_versions_tell_which_were_approved(world: World, staff: Actor, small: bytes):
    products.declare(world, staff, small)
    products.approve(world, staff, "cam-9")
    products.declare(world, staff, small + b"markets: []\n")
    second, first = products.versions(world, "cam-9")
    assert second.approved_at is None
    assert first.approved_at == world.clock.now()


@pytest.mark.parametrize("ask", [products.get, products.permit_of, products.versions])
def test_what_nobody_declared_is_not_found(world: World, ask):
    with pytest.raises(NotFound, match="no product 'x'") as refused:
        ask(world, "x")
    assert refused.value.do == "Run: careful product list"


def test_a_version_that_is_not_there(world: World, staff: Actor, small: bytes):
    products.declare(world, staff, small)
    with pytest.raises(NotFound, match="no version 2"):
        products.text_of(world, "cam-9", 2)
