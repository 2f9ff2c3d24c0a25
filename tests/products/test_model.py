from datetime import date

import pytest

from careful.kernel.errors import Refused
from careful.products.model import refuse_earlier_end, update_method
from careful.products.surface import Support

DAY = date(2031, 12, 31)
MOVES = [
    pytest.param(None, None, True, id="nothing was promised, nothing is said"),
    pytest.param(None, DAY, True, id="the first promise"),
    pytest.param(DAY, DAY, True, id="the same"),
    pytest.param(DAY, date(2032, 1, 1), True, id="a day later"),
    pytest.param(DAY, date(2031, 12, 30), False, id="a day earlier"),
    pytest.param(DAY, None, False, id="taken back"),
]


@pytest.mark.parametrize(("promised", "said", "taken"), MOVES)
def test_a_promised_end_moves_one_way(promised: date | None, said: date | None, taken: bool):
    if taken:
        refuse_earlier_end("cam-1", promised, said)
        return
    with pytest.raises(Refused, match="may only move later: 2031-12-31 is promised") as refused:
        refuse_earlier_end("cam-1", promised, said)
    assert refused.value.where == "support.until"


METHODS = [
    pytest.param(None, "", id="nothing said"),
    pytest.param(Support(restart=True), "", id="not how"),
    pytest.param(Support(automatic_updates=True), "installed automatically", id="automatic"),
    pytest.param(Support(automatic_updates=False, user_can_postpone=True), "installed by the owner", id="by hand"),
    pytest.param(
        Support(automatic_updates=True, user_can_postpone=True, restart=False, cadence_days=30),
        "installed automatically, can be postponed, without a restart, at least every 30 days",
        id="all",
    ),
    pytest.param(
        Support(automatic_updates=True, user_can_postpone=False, restart=True),
        "installed automatically, cannot be postponed, with a restart",
        id="the harder way",
    ),
]


@pytest.mark.parametrize(("support", "words"), METHODS)
def test_how_updates_come(support: Support | None, words: str):
    assert update_method(support) == words
