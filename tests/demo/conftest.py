"""What the demo's tests share: the real servers for devices."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from town import Town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A maker with running servers, one for all tests of a file."""
    made = Town(tmp_path_factory.mktemp("town") / "home")
    yield made
    made.close()
