from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from careful import products
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World


def events(world: World) -> list[tuple[str, dict[str, object]]]:
    with world.look() as connection:
        return [(one.name, dict(one.data)) for one in ledger.read(connection)]


def on_sale(world: World, staff: Actor, text: bytes) -> None:
    product = products.declare(world, staff, text).product
    products.approve(world, staff, product)
    products.publish_page(world, staff, product)
    products.put_on_sale(world, staff, product)


def test_the_whole_way_from_file_to_sale(world: World, staff: Actor, filled: bytes):
    on_sale(world, staff, filled)
    names = [name for name, _ in events(world)]
    assert names == [
        "products.declared",
        "products.approved",
        "products.data_declared",
        "products.suppliers_relied_on",
        "products.page_published",
        "products.put_on_sale",
    ]
    approved, collected, _relied, page, sold = (data for _, data in events(world)[1:])
    assert (len(collected["items"]), collected["streams"], collected["version"]) == (3, 2, 1)
    assert {"uk-psti", "us-ca-devices", "eu-cra-reporting", "us-ftc-act-5"} <= set(approved["laws_apply"])
    assert approved["laws_unknown"] == []
    assert approved["streams"] == 2
    assert page["support_until"] == sold["support_until"] == "2031-12-31"
    assert page["update_method"].startswith("installed automatically")
    assert page["data_items"] == 3
    found = products.get(world, "cam-9")
    assert (found.stage, found.published_until) == ("on sale", date(2031, 12, 31))


def test_every_version_is_kept_and_the_same_bytes_are_no_new_one(world: World, staff: Actor, small: bytes):
    first = products.declare(world, staff, small)
    assert products.declare(world, staff, small) == first
    second = products.declare(world, staff, small + b"markets: [US]\n")
    back = products.declare(world, staff, small)
    assert (first.version, second.version, back.version) == (1, 2, 3)
    assert back.digest == first.digest
    assert [one.version for one in products.versions(world, "cam-9")] == [3, 2, 1]
    assert products.text_of(world, "cam-9", 1) == small
    assert len(events(world)) == 3


def test_a_new_version_is_not_in_force_until_approved(world: World, staff: Actor, filled: bytes):
    products.declare(world, staff, filled)
    products.approve(world, staff, "cam-9")
    products.declare(world, staff, filled + b"journeys: []\n")
    waiting = products.get(world, "cam-9")
    assert (waiting.version, waiting.pending, waiting.stage) == (1, 2, "approved")
    products.approve(world, staff, "cam-9")
    assert (products.get(world, "cam-9").version, products.get(world, "cam-9").pending) == (2, None)


def test_approving_and_selling_twice_say_it_once(world: World, staff: Actor, filled: bytes):
    on_sale(world, staff, filled)
    before = events(world)
    products.approve(world, staff, "cam-9")
    products.put_on_sale(world, staff, "cam-9")
    assert events(world) == before


@pytest.mark.parametrize("verb", [products.approve, products.publish_page, products.put_on_sale])
def test_nothing_can_be_done_with_a_product_that_nobody_declared(world: World, staff: Actor, verb):
    with pytest.raises(NotFound, match="no product 'cam-9'"):
        verb(world, staff, "cam-9")
    assert events(world) == []


def test_sale_needs_approval(world: World, staff: Actor, filled: bytes):
    products.declare(world, staff, filled)
    with pytest.raises(Refused, match="Cannot set 'on sale': the declaration is not approved."):
        products.put_on_sale(world, staff, "cam-9")


def test_sale_needs_a_published_support_end(world: World, staff: Actor, filled: bytes):
    products.declare(world, staff, filled)
    products.approve(world, staff, "cam-9")
    with pytest.raises(Refused, match="Cannot set 'on sale': no support end date published.") as refused:
        products.put_on_sale(world, staff, "cam-9")
    assert "careful product publish cam-9" in refused.value.do


def test_a_blank_that_leaves_a_law_open_blocks_the_sale(world: World, staff: Actor, filled: bytes):
    products.declare(world, staff, filled.replace(b"actual_knowledge_child: false, ", b""))
    products.approve(world, staff, "cam-9")
    products.publish_page(world, staff, "cam-9")
    with pytest.raises(Refused, match=r"Children's .*audience.actual_knowledge_child"):
        products.put_on_sale(world, staff, "cam-9")


PAGES = [
    pytest.param(b"until: 2031-12-31, ", b"", "support.until is blank", id="support end"),
    pytest.param(b"automatic_updates: true, ", b"", "support.automatic_updates is blank", id="update method"),
    pytest.param(b"data:\n", b"data:\nenvironments:\n", "data is blank", id="data table"),
]


@pytest.mark.parametrize(("cut", "put", "says"), PAGES)
def test_a_page_with_blanks_is_not_published(world: World, staff: Actor, filled: bytes, cut, put, says):
    if put:
        filled = filled[: filled.index(b"  - {id: telemetry")]
    products.declare(world, staff, filled.replace(cut, put))
    products.approve(world, staff, "cam-9")
    with pytest.raises(Refused, match=says):
        products.publish_page(world, staff, "cam-9")
    assert "products.page_published" not in [name for name, _ in events(world)]


def test_an_unapproved_product_has_no_page(world: World, staff: Actor, filled: bytes):
    products.declare(world, staff, filled)
    with pytest.raises(Refused, match="not approved"):
        products.publish_page(world, staff, "cam-9")


MOVES = [
    pytest.param(b"2031-12-30", False, id="a day earlier"),
    pytest.param(b"", False, id="vanished"),
    pytest.param(b"2031-12-31", True, id="the same"),
    pytest.param(b"2034-01-01", True, id="later"),
]


@pytest.mark.parametrize(("until", "taken"), MOVES)
def test_a_promised_support_end_moves_later_never_earlier(world: World, staff: Actor, filled: bytes, until, taken):
    on_sale(world, staff, filled)
    changed = filled.replace(b"2031-12-31", until) + b"journeys: []\n"
    if taken:
        assert products.declare(world, staff, changed).version == 2
        return
    with pytest.raises(Refused, match="may only move later: 2031-12-31 is promised"):
        products.declare(world, staff, changed)
    assert len(products.versions(world, "cam-9")) == 1


def test_before_approval_the_date_is_free_to_move(world: World, staff: Actor, filled: bytes):
    products.declare(world, staff, filled)
    assert products.declare(world, staff, filled.replace(b"2031", b"2029")).version == 2


def test_two_waiting_versions_cannot_slip_an_earlier_date_through(world: World, staff: Actor, filled: bytes):
    """What was promised is compared again when a version is put in force."""
    products.declare(world, staff, filled.replace(b"2031", b"2029"))
    products.declare(world, staff, filled)
    products.approve(world, staff, "cam-9")
    with pytest.raises(Refused, match="only move later"):
        products.declare(world, staff, filled.replace(b"2031", b"2029"))


def test_versions_handed_in_at_once_are_each_kept(world: World, staff: Actor, small: bytes):
    texts = [small + f"markets: [{market}]\n".encode() for market in ("US", "EU", "UK", "JP")]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda text: products.declare(world, staff, text).version, texts))
    assert sorted(made) == [1, 2, 3, 4]
    assert [one.version for one in products.versions(world, "cam-9")] == [4, 3, 2, 1]


def test_a_refused_file_leaves_no_trace(world: World, staff: Actor):
    with pytest.raises(Invalid):
        products.declare(world, staff, b"schema: product/1\nproduct: {id: cam-9, nme: x}\n")
    assert products.list_all(world) == []
    assert events(world) == []
