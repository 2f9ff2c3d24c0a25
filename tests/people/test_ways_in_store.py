"""Naming a passkey touches one's own only."""

from collections.abc import Callable

import pytest
from persons import Person, SoftKey

from careful import people
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound


def test_a_passkey_is_renamed_by_its_own_person_only(ann: Person, second: Callable[..., Person]) -> None:
    bob, key = second("bob@example.org"), SoftKey()
    people.finish_passkey(bob.world, bob.session, key.make(people.begin_passkey(bob.world, bob.session)), "a\u202ekey")
    bob_session = people.sessions_of(bob.world, bob.id)[0]
    made = people.passkeys_of(bob.world, bob.id)[0]
    assert made.label == "akey"
    with pytest.raises(NotFound):
        people.rename_passkey(ann.world, ann.session, made.id, "mine now")
    with pytest.raises(Invalid):
        people.rename_passkey(bob.world, bob_session, made.id, " \u200b\n ")
    people.rename_passkey(bob.world, bob_session, made.id, "  key  on the\nring " + "x" * 80)
    label = people.passkeys_of(bob.world, bob.id)[0].label
    assert (label[:16], len(label)) == ("key on the ring ", 40)
    with bob.world.look() as connection:
        entry = ledger.read(connection, names=("people.factor_renamed",))[0]
    assert entry.data == {"account": bob.id, "factor": "passkey"}
