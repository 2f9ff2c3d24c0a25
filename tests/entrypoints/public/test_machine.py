"""What machines read: files that are valid, say who they come from, and are not sent twice to whoever has them."""

import hashlib
import json
import os
import tarfile
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest
import zstandard
from village import OLD, STAFF, Village

from careful import notices, products

SITE = "http://127.0.0.1:8081"
NOTICE = "CAREFUL-2026-0001"
FILES = [
    f"/advisories/{NOTICE}.json",
    "/advisories.atom",
    "/.well-known/csaf/provider-metadata.json",
    "/csaf/index.txt",
    "/csaf/changes.csv",
    "/csaf/feed-tlp-white.json",
    f"/csaf/2026/{NOTICE.lower()}.json",
    f"/csaf/2026/{NOTICE.lower()}.json.sha256",
]
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def csaf_schema():
    data = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
    packed = data / "csaf" / "oasis-csaf-2.0-tests.tar.zst"
    if not packed.exists():
        pytest.skip(f"OASIS' CSAF schema is not in {packed} (set CAREFUL_TEST_DATA)")
    with (
        packed.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as plain,
        tarfile.open(fileobj=plain, mode="r|") as tar,
    ):
        for member in tar:
            if member.name.endswith("csaf_json_schema.json"):
                schema = json.load(tar.extractfile(member))
                # It refers to FIRST's CVSS schemas by address; our files carry no scores.
                schema["properties"]["vulnerabilities"]["items"]["properties"].pop("scores")
                return schema
    pytest.skip("no CSAF schema in the archive")


def test_the_csaf_file_is_valid_and_is_the_one_in_the_ledger(visitor, told: Village, csaf_schema):
    answer = visitor.get(f"/advisories/{NOTICE}.json")
    assert answer.headers["content-type"] == "application/json"
    assert list(jsonschema_rs.iter_errors(csaf_schema, answer.json())) == []
    assert answer.json()["document"]["publisher"] == {
        "category": "vendor",
        "name": "Hearth Devices",
        "namespace": SITE,
    }
    assert hashlib.sha256(answer.content).hexdigest() == notices.advisory(told.world, NOTICE).csaf_sha256


def test_the_csaf_file_has_the_small_name_that_its_standard_asks_for(visitor, told: Village):
    """CSAF 2.0 section 5.1: the file is called by its tracking id in lower case; the other is kept for old links."""
    assert visitor.open(f"/advisories/{NOTICE.lower()}.json") == visitor.open(f"/advisories/{NOTICE}.json")


@pytest.mark.parametrize("path", FILES)
def test_who_has_a_file_is_not_sent_it_again(visitor, told: Village, path: str):
    first = visitor.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=30"
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = visitor.get(path, if_none_match=held)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for held in ('"other"', "", tag.strip('"')):
        assert visitor.get(path, if_none_match=held).content == first.content


def test_the_tag_changes_with_the_feed(visitor, told: Village):
    before = visitor.get("/advisories.atom").headers["etag"]
    told.judge(flaw="CVE-2023-50447")
    other = notices.draft(told.world, STAFF, told.case("CVE-2023-50447").id)
    assert visitor.get("/advisories.atom").headers["etag"] == before  # a draft is nobody's business
    notices.publish(told.world, STAFF, other.id)
    assert visitor.get("/advisories.atom", if_none_match=before).status_code == 200


def test_the_feed_is_atom_and_leads_to_page_and_file(visitor, told: Village):
    answer = visitor.get("/advisories.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = ET.fromstring(answer.content)  # noqa: S314 (our own feed)
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    for name in ("id", "title", "updated"):  # RFC 4287 section 4.1.1
        assert feed.findtext(f"a:{name}", namespaces=ATOM)
    (entry,) = feed.findall("a:entry", ATOM)
    for link in entry.findall("a:link", ATOM):
        found = visitor.get(link.get("href").removeprefix(SITE))
        assert found.headers["content-type"].partition(";")[0] == link.get("type")


def test_an_empty_feed_is_a_feed(visitor):
    feed = ET.fromstring(visitor.open("/advisories.atom"))  # noqa: S314 (our own feed)
    assert feed.findall("a:entry", ATOM) == []
    assert feed.findtext("a:updated", namespaces=ATOM) == "2026-11-02T09:00:00.000000Z"


def fields(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        found.setdefault(name, []).append(value)
    return found


def test_security_txt(visitor, on_sale: Village):
    """RFC 9116: plain text in UTF-8 (3), Contact once or more (2.5.3), Expires once and within a year (2.5.5)."""
    answer = visitor.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.endswith("\n")
    found = fields(answer.text)
    assert found["Contact"] == ["mailto:security@hearth.example"]
    (expires,) = found["Expires"]
    left = datetime.strptime(expires, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) - on_sale.world.clock.now()
    assert timedelta(0) < left < timedelta(days=365)
    assert found["Canonical"] == [f"{SITE}/.well-known/security.txt"]
    for name in ("Policy", "CSAF"):
        visitor.open(found[name][0].removeprefix(SITE))


def test_security_txt_is_the_same_all_day(visitor, on_sale: Village):
    before = visitor.open("/.well-known/security.txt")
    on_sale.later(hours=14)
    assert visitor.open("/.well-known/security.txt") == before
    on_sale.later(hours=2)
    assert visitor.open("/.well-known/security.txt") != before


@pytest.mark.parametrize(
    ("named", "contact"),
    [
        pytest.param("security@hearth.example", "mailto:security@hearth.example", id="an address"),
        pytest.param("https://hearth.example/report", "https://hearth.example/report", id="a page"),
        pytest.param("tel:+1-201-555-0123", "tel:+1-201-555-0123", id="a telephone"),
    ],
)
def test_a_contact_is_a_uri(visitor, village: Village, named: str, contact: str):
    text = (Path(__file__).parents[3] / "examples/products/cam-1/product.yaml").read_text()
    products.declare(
        village.world, STAFF, text.replace("security: security@hearth.example", f"security: {named}").encode()
    )
    visitor.open("/.well-known/security.txt", 404)  # what nobody approved is not published
    products.approve(village.world, STAFF, "cam-1")
    assert f"Contact: {contact}\n" in visitor.open("/.well-known/security.txt")


def notice(visitor, status: int = 200, **asked: str):
    answer = visitor.client.get("/v1/notice", params=asked)
    assert answer.status_code == status
    return answer.json()


def test_what_has_no_page_yet_is_no_business_of_strangers(visitor, village: Village):
    village.declare()
    village.ship(OLD)
    assert "no model called" in str(notice(visitor, 404, model="HC-100", version=OLD))
    assert "no model called" in visitor.open(f"/check?model=HC-100&version={OLD}")


def test_the_answer_for_machines(visitor, told: Village):
    found = notice(visitor, model="HC-100", version=OLD)
    assert found | {"says": "", "do": ""} == {
        "state": "act",
        "says": "",
        "do": "",
        "model": "HC-100",
        "version": OLD,
        "newest": "1.0.1",
        "support_until": "2032-12-31",
        "advisories": [f"{SITE}/advisories/{NOTICE}"],
    }
    assert notice(visitor, model="hc-100", version="1.0.1")["state"] == "fine"
    assert notice(visitor, model="HC-100", version="9.9.9")["state"] == "unknown"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({}, 400, id="nothing"),
        pytest.param({"model": "HC-100"}, 400, id="no version"),
        pytest.param({"version": "1.0.0"}, 400, id="no model"),
        pytest.param({"model": "", "version": "1.0.0"}, 400, id="an empty model"),
        pytest.param({"model": "x" * 81, "version": "1.0.0"}, 400, id="a long model"),
        pytest.param({"model": "HC-100", "version": "1" * 81}, 400, id="a long version"),
        pytest.param({"model": "Toaster", "version": "1.0.0"}, 404, id="a model that is not ours"),
        pytest.param({"model": "\x00\x1b[31m", "version": "\x00"}, 404, id="control characters"),
        pytest.param({"model": "'; drop table devices_device; --", "version": "1"}, 404, id="SQL"),
    ],
)
def test_a_refusal_for_machines_says_what_to_do(visitor, on_sale: Village, asked: dict[str, str], status: int):
    found = notice(visitor, status, **asked)
    assert found["what"]
    assert found["do"]
    assert all(one.isprintable() for one in found["what"])


@pytest.mark.parametrize(
    "wanted",
    ["CAREFUL-2026-9999", "x" * 5000, "%00", "a%0d%0ab", "..%2f..%2fetc%2fpasswd", "'", "%F0%9F%92%A5", "%ff"],
)
@pytest.mark.parametrize("form", ["", ".json"])
def test_a_notice_that_nobody_wrote(visitor, wanted: str, form: str):
    answer = visitor.get(f"/advisories/{wanted}{form}")
    assert answer.status_code == 404
    assert "careful notice" not in answer.text  # what to type is for the staff


def test_a_draft_looks_like_nothing(visitor, village: Village):
    draft = notices.draft(village.world, STAFF, village.affected().id)
    for form in ("", ".json"):
        found = visitor.open(f"/advisories/{draft.id}{form}", 404)
        assert found.replace(draft.id, "x") == visitor.open(f"/advisories/CAREFUL-2026-9999{form}", 404).replace(
            "CAREFUL-2026-9999", "x"
        )
    assert draft.id not in visitor.open("/advisories") + visitor.open("/advisories.atom")
