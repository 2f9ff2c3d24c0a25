"""An actor is written as kind and id."""

from careful.kernel.actors import SYSTEM, Actor


def test_text():
    assert str(Actor("staff", "ann")) == "staff:ann"
    assert str(SYSTEM) == "system:careful"
