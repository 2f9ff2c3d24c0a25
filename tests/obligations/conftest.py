"""What the tests of duties to report share: a village whose camera has a known flaw."""

from pathlib import Path

import pytest
from village import Village

from careful.kernel.work import World


@pytest.fixture
def village(world: World, tmp_path: Path) -> Village:
    """A maker who has nothing yet."""
    folder = tmp_path / "given"
    folder.mkdir()
    return Village(world, folder)
