import bundle_makers as tools
import pytest
from flaws_cli import read, typed
from makers import Maker

from careful.entrypoints.cli.release import command
from careful.kernel.errors import NotFound, Refused

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def draft(world, staff, tmp_path):
    return Maker(world, staff, tmp_path).release("1.0.1", publish=False)


def test_a_bundle_is_read_and_said(world, draft, tmp_path):
    path = tools.swu(tmp_path, "7.1")
    given = ("part", "cam-1", "1.0.1", str(path), "--part", "bApp", "--name", "player", "--part-version", "7.1")
    said = typed(command, world, *given).stdout
    assert f"{path.name} is a .swu and says what the release says." in said
    assert "has 2 files" in said
    [part] = read(typed(command, world, *given, "--json"))["parts"]
    assert part["bundle"]["version"] == "7.1"


def test_refusals(world, draft, tmp_path):
    path = tools.swu(tmp_path, "7.1")
    with pytest.raises(Refused, match="version"):
        typed(command, world, "part", "cam-1", "1.0.1", str(path), "--part", "bApp")
    with pytest.raises(NotFound):
        typed(command, world, "part", "cam-1", "9.9.9", str(path), "--part", "bApp")
    with pytest.raises(NotFound):
        typed(command, world, "part", "cam-1", "1.0.1", str(tmp_path / "nothing"), "--part", "bApp")
