"""MUD files: served at the address they name, versioned with the declaration, and signed so that OpenSSL agrees."""

import json
import subprocess
from pathlib import Path

import pytest
from village import STAFF, Village

from careful import devices, products
from careful.monitoring.model import Flow
from careful.monitoring.profile import read_mud

EXAMPLES = Path(__file__).parents[3] / "examples" / "products"
PRODUCT = "cam-1"


def published(village: Village, product: str = PRODUCT) -> None:
    text = (EXAMPLES / product / "product.yaml").read_bytes()
    products.declare(village.world, STAFF, text)
    products.approve(village.world, STAFF, product)
    products.publish_page(village.world, STAFF, product)


def test_the_file_is_served_at_the_address_it_names(visitor, village):
    published(village)
    answer = visitor.get(f"/mud/{PRODUCT}.json")
    assert answer.headers["content-type"] == "application/mud+json"
    head = answer.json()["ietf-mud:mud"]
    assert head["mud-url"] == f"http://127.0.0.1:8081/mud/{PRODUCT}.json"
    assert head["mud-signature"] == f"http://127.0.0.1:8081/mud/{PRODUCT}.p7s"
    assert (head["cache-validity"], head["mfg-name"]) == (48, "Hearth Devices")
    assert visitor.get(f"/mud/{PRODUCT}.json", if_none_match=answer.headers["etag"]).status_code == 304


def test_it_permits_what_is_declared(visitor, village):
    published(village)
    profile = read_mud(visitor.get(f"/mud/{PRODUCT}.json").content)
    for way in products.ways(products.get(village.world, PRODUCT).declaration)[0]:
        flow = Flow(0.0, "d", "203.0.113.7", way.host, way.port, way.protocol, opened_by_device=not way.to_device)
        assert profile.permits(flow)
    assert not profile.permits(Flow(0.0, "d", "203.0.113.7", "evil.example", 443, "tcp"))


def test_openssl_verifies_the_signature_and_refuses_a_changed_file(visitor, village, tmp_path):
    published(village)
    content, signature = (visitor.get(f"/mud/{PRODUCT}.{kind}") for kind in ("json", "p7s"))
    assert signature.headers["content-type"] == "application/pkcs7-signature"
    assert visitor.get(f"/mud/{PRODUCT}.p7s").content == signature.content
    (tmp_path / "a.p7s").write_bytes(signature.content)
    trust = devices.authority_bundle_path(village.world)
    for change, code in ((b"", 0), (b" ", 4)):
        (tmp_path / "a.json").write_bytes(content.content + change)
        done = subprocess.run(
            ["openssl", "cms", "-verify", "-in", tmp_path / "a.p7s", "-inform", "DER", "-content", tmp_path / "a.json",
             "-binary", "-CAfile", trust, "-attime", str(int(village.world.clock.now().timestamp())),
             "-out", tmp_path / "out"],
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr


def test_each_approved_version_keeps_its_own_file(visitor, village):
    published(village)
    first = visitor.get(f"/mud/{PRODUCT}/1.json")
    text = products.text_of(village.world, PRODUCT, 1).replace(b"8883", b"9883")
    products.declare(village.world, STAFF, text)
    assert visitor.get(f"/mud/{PRODUCT}/2.json").status_code == 404  # not approved
    products.approve(village.world, STAFF, PRODUCT)
    second = visitor.get(f"/mud/{PRODUCT}/2.json")
    assert visitor.get(f"/mud/{PRODUCT}/1.json").content == first.content
    assert "9883" in second.text
    assert "9883" not in first.text
    assert second.json()["ietf-mud:mud"]["mud-url"].endswith("/mud/cam-1/2.json")
    assert visitor.get(f"/mud/{PRODUCT}/2.p7s").status_code == 200
    assert json.loads(visitor.get(f"/mud/{PRODUCT}.json").text)["ietf-mud:mud"]["mud-url"].endswith("/mud/cam-1.json")


@pytest.mark.parametrize("path", ["nobody.json", "cam-1.json", "cam-1/1.json", "cam-1.p7s"])
def test_what_is_not_published_is_not_there(path, visitor, village):
    text = b"schema: product/1\nproduct: {id: cam-1}\n"
    products.declare(village.world, STAFF, text)
    answer = visitor.get(f"/mud/{path}")
    assert answer.status_code == 404
    assert answer.json()["what"].startswith("There is no network profile")


def test_the_product_s_page_names_hosts_and_profile(visitor, village):
    published(village)
    page = visitor.open("/p/HC-100")
    assert "/mud/cam-1.json" in page
    assert "Who it talks with" in page
