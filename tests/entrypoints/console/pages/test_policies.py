"""What a product asks of its releases, on a page: shown, changed, refused, judged."""

from typing import Any

import pytest
from attestations import Builder
from village import OLD, Village

from careful import releases
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PAGE = "/products/cam-1/policy"


def test_the_empty_policy_asks_nothing_and_says_so(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    text = browser.open(PAGE).text
    assert "not required" in text
    assert "It was never set: nothing is asked." in browser.text
    assert "careful release add cam-1" in browser.text
    assert PAGE in browser.open("/products/cam-1").text
    assert browser.open("/products/none/policy").status_code == 404


def test_a_policy_is_put_in_force_and_judges_the_releases(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    release = village.ship(OLD)
    builder = Builder()
    releases.set_policy(village.world, OPERATOR, "cam-1", builder.policy(required=False))
    releases.add_provenance(village.world, OPERATOR, release.id, builder.attest(release.artifact.sha256))
    browser.open(PAGE)
    assert f'<td class="id">{builder.id}</td>' in browser.text
    assert builder.pem.splitlines()[1] in browser.text
    required = releases.policy_text(releases.policy(village.world, "cam-1")).replace("false", "true")
    done = browser.send(PAGE, policy=required)
    assert done.headers["location"] == PAGE
    assert releases.policy(village.world, "cam-1").provenance_required
    assert "required" in browser.text
    assert "What releases of cam-1 must show was set." in browser.text
    other = required.replace(builder.id, "https://ci.example/other")
    browser.send(PAGE, policy=other)
    assert "not taken" in browser.text


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("[bundels]", id="a misspelt word"),
        pytest.param("[bundles]\nsigners = ['signer.pem']", id="a file that is not here"),
        pytest.param("[provenance]\nrequired = true", id="nobody could sign"),
        pytest.param("x" * 20_001, id="too long"),
        pytest.param("= =", id="no TOML"),
    ],
)
def test_what_is_no_policy_changes_nothing(browser: Any, secret: bytes, village: Village, policy: str) -> None:
    village.declare()
    browser.open(PAGE)
    assert browser.send(PAGE, policy=policy).status_code == 400
    assert releases.policy(village.world, "cam-1") == releases.Policy()
