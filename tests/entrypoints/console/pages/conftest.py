"""What the tests of pages share: a village behind the console."""

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
