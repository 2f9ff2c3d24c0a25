"""By which product file a release is judged, as typed."""

import json

import pytest
from click.testing import CliRunner

from careful.entrypoints.cli.product import command as product_command
from careful.entrypoints.cli.release import command
from careful.kernel.errors import Refused

FILE = "schema: product/1\nproduct: {{id: cam-1, name: Cam, models: [C-1]}}\ndata: [{{id: a, fields: [{}]}}]\n"


@pytest.fixture
def run(world):
    class Parts:
        def world(self):
            return world

    def typed(*arguments, of=command):
        done = CliRunner().invoke(of, [str(one) for one in arguments], obj=Parts())
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return typed


@pytest.fixture
def declare(run, tmp_path):
    def handed_in(fields):
        path = tmp_path / "product.yaml"
        path.write_text(FILE.format(fields))
        run("declare", path, of=product_command)
        return run("approve", "cam-1", of=product_command)

    return handed_in


def test_a_release_keeps_to_its_file_until_it_is_pinned_to_another(run, declare, tmp_path):
    image, sbom = tmp_path / "cam.img", tmp_path / "sbom.json"
    image.write_bytes(b"an image")
    sbom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}))
    assert "keeps to an older" not in declare("x")
    given = ("--image", image, "--sbom", sbom, "--hardware", "rev-a")
    run("add", "cam-1", "1.0.0", *given)
    assert "One release keeps to an older version (1.0.0)." in declare("x, y")
    assert "product file  version 1" in run("show", "cam-1", "1.0.0")
    assert "checked against version 2" in run("pin", "cam-1", "1.0.0", 2, "--reason", "y was always sent")
    assert json.loads(run("show", "cam-1", "1.0.0", "--json"))["release"]["declaration"] == 2
    image.write_bytes(b"another image")
    run("add", "cam-1", "1.0.1", *given, "--declaration", 1)
    assert json.loads(run("pin", "cam-1", "1.0.1", 1, "--reason", "x", "--json"))["declaration"] == 1
    with pytest.raises(Refused, match="does not exist"):
        run("add", "cam-1", "1.0.2", *given, "--declaration", 9)
