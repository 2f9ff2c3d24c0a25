"""Whether a field may be read: a table of named cases."""

import pytest

from careful import products
from careful.customer_data import purposes_of
from careful.customer_data.purposes import NO_ROLE, NOT_DECLARED, OTHER_PURPOSE, OTHER_ROLE, withheld
from careful.products import FieldRule

CLIP = FieldRule(name="zone", purpose=("show what moved", "help"), access_roles=("support",))
CASES = [
    pytest.param([CLIP], "help", {"support"}, "", id="purpose and role are declared"),
    pytest.param([CLIP], "help", {"administrator", "support"}, "", id="one of several roles"),
    pytest.param([CLIP], "sell it", {"support"}, OTHER_PURPOSE, id="another purpose"),
    pytest.param([CLIP], "help", {"auditor"}, OTHER_ROLE, id="another role"),
    pytest.param([CLIP], "help", set(), OTHER_ROLE, id="no role at all"),
    pytest.param([FieldRule(name="zone", purpose=("help",))], "help", {"auditor"}, NO_ROLE, id="nobody is named"),
    pytest.param([FieldRule(name="t", purpose=("help",), personal=False)], "help", {"auditor"}, "", id="not personal"),
    pytest.param([FieldRule(name="t", personal=False)], "help", {"auditor"}, OTHER_PURPOSE, id="no purpose"),
    pytest.param([None], "help", {"support"}, NOT_DECLARED, id="not declared any more"),
    pytest.param([CLIP, FieldRule(name="zone", purpose=("show what moved",), access_roles=("support",))], "help",
                 {"support"}, OTHER_PURPOSE, id="collected under an older promise"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "purpose", "roles", "why"), CASES)
def test_who_may_read_what(rules, purpose, roles, why):
    assert withheld(rules, purpose, roles) == why


def test_all_purposes_of_a_product():
    text = b"""schema: product/1
product: {id: cam, name: C}
data:
  - {id: a, fields: [x, y], purpose: [one], details: {y: {purpose: [two]}}}
  - {id: b, fields: [x]}
"""
    assert purposes_of(products.permit(products.parse(text)).streams.values()) == ("one", "two")
