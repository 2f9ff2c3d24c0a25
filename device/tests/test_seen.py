import typing
from dataclasses import FrozenInstanceError, fields

import pytest

from careful_device import seen


def test_what_was_seen_cannot_be_changed():
    for kind in typing.get_args(seen.Seen):
        made = kind(*["x"] * len(fields(kind)))
        for one in fields(kind):
            with pytest.raises(FrozenInstanceError):
                setattr(made, one.name, "y")
