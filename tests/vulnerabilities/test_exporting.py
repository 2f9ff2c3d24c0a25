"""What was decided as a file: form, name and number of statements."""

import json

import pytest
from flaws_sample import osv

from careful import vulnerabilities
from careful.kernel.errors import NotFound


@pytest.mark.parametrize(
    ("form", "ending", "holds"),
    [
        ("openvex", "openvex.json", lambda text: json.loads(text)["statements"][0]["status"] == "under_investigation"),
        ("cyclonedx", "cdx.json", lambda text: json.loads(text)["vulnerabilities"][0]["id"] == "GHSA-1"),
        ("csv", "csv", lambda text: text.splitlines()[1].startswith("cam-1,GHSA-1,1.0.0,under_investigation")),
    ],
)
def test_every_form(maker, world, form, ending, holds):
    maker.feed(osv("GHSA-1"))
    maker.ship("1.0.0", "pillow==10.0.0")
    vulnerabilities.match(world)
    made = vulnerabilities.export(world, "cam-1", form)
    assert (made.filename, made.statements) == (f"cam-1.{ending}", 1)
    assert holds(made.text)
    with pytest.raises(NotFound):
        vulnerabilities.export(world, "nothing", form)
