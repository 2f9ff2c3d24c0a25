import pytest

from careful import products
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused

WITH = b"""schema: product/1
product: {id: cam-1, name: Camera, models: [C-1]}
support: {until: 2027-06-30, automatic_updates: true}
data: []
"""
SAYS = {"release": "r1", "version": "1.0.1", "keeps_working": "Pictures.", "stops_working": "Alerts."}


@pytest.fixture
def camera(world, staff):
    products.declare(world, staff, WITH)
    products.approve(world, staff, "cam-1")


def test_an_end_is_announced_and_its_papers_kept_once(world, staff, camera):
    with pytest.raises(Refused, match="never published"):
        products.announce_end(world, staff, "cam-1", **SAYS)
    products.publish_page(world, staff, "cam-1")
    assert products.ending(world, "cam-1") is None
    products.announce_end(world, staff, "cam-1", **SAYS)
    products.announce_end(world, staff, "cam-1", **SAYS | {"keeps_working": "  Pictures\non your network. "})
    [end] = products.endings(world)
    assert (end.until.isoformat(), end.keeps_working, end.told) == ("2027-06-30", "Pictures on your network.", 0)
    with pytest.raises(NotFound):
        products.last_vex(world, "cam-1")
    assert products.keep_papers(world, "cam-1", "5" * 64, '{"a": 1}\n')
    assert not products.keep_papers(world, "cam-1", "6" * 64, "{}")
    assert products.last_vex(world, "cam-1") == '{"a": 1}\n'
    with world.look() as connection:
        names = [one.name for one in ledger.read(connection, subject="product/cam-1")]
    assert names[-3:] == ["products.end_announced", "products.end_announced", "products.end_papers_kept"]


def test_a_stage_is_noted_once_and_never_back(world, staff, camera):
    products.publish_page(world, staff, "cam-1")
    products.announce_end(world, staff, "cam-1", **SAYS)
    with world.change(staff) as work:
        assert [products.note_told(work, "cam-1", stage) for stage in (2, 2, 1, 3)] == [True, False, False, True]
    assert products.ending(world, "cam-1").told == 3


@pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
def test_words_are_needed(world, staff, camera, words):
    with pytest.raises(Invalid) as refused:
        products.announce_end(world, staff, "cam-1", **SAYS | {"stops_working": words})
    assert refused.value.where == "stops_working"


def test_there_must_be_such_a_product(world, staff):
    with pytest.raises(NotFound):
        products.announce_end(world, staff, "cam-9", **SAYS)
