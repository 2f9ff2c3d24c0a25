"""`careful drill report` as typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from village import Village

from careful import obligations
from careful.entrypoints.cli.drill_report import report
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize("kind", obligations.KINDS)
def test_a_rehearsal_begins_and_says_so(world: World, tmp_path: Path, kind: str) -> None:
    Village(world, tmp_path).declare()

    class Parts:
        def world(self) -> World:
            return world

    typed = CliRunner().invoke(report, [kind, "--product", "cam-1"], obj=Parts(), standalone_mode=False)
    assert typed.output.startswith("REHEARSAL")
    (one,) = obligations.matters(world, drills=True)
    assert (one.drill, one.kind) == (True, kind)
    said = CliRunner().invoke(report, [kind, "--product", "cam-1", "--json"], obj=Parts(), standalone_mode=False)
    assert json.loads(said.output)["drill"] is True
