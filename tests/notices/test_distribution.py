"""How CSAF files are found: what the standard's own schemas and rules say of our lists."""

import dataclasses
import hashlib
import json
import os
import re
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from notices_sample import ADVISORY

from careful.notices import distribution

SITE = "https://hearth.example"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
SAID = [
    dataclasses.replace(ADVISORY, id="CAREFUL-2026-0002", published_at=datetime(2027, 1, 2, 3, tzinfo=UTC)),
    dataclasses.replace(ADVISORY, id="CAREFUL-2026-0001", published_at=datetime(2026, 12, 31, 23, tzinfo=UTC)),
    dataclasses.replace(ADVISORY, id="CAREFUL-2026-0003", published_at=None),
]

FINGERPRINT = "ADB0B2A2866C6FAFC142362B3D1BE719ECAC5B91"
SIGNED = [dataclasses.replace(one, signed_by=FINGERPRINT) if one.published_at else one for one in SAID]


@pytest.fixture(scope="module")
def schema():
    data = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
    packed = data / "csaf" / "oasis-csaf-2.0-tests.tar.zst"
    if not packed.exists():
        pytest.skip(f"OASIS' schema is not in {packed} (set CAREFUL_TEST_DATA)")
    with (
        packed.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as plain,
        tarfile.open(fileobj=plain, mode="r|") as tar,
    ):
        found = [json.load(tar.extractfile(one)) for one in tar if one.name.endswith("provider_json_schema.json")]
    found[0]["properties"].pop("publisher")  # it refers to the document's schema by address
    return found[0]


@pytest.mark.parametrize("said", [pytest.param(SAID, id="some"), pytest.param([], id="none yet")])
def test_the_metadata_are_valid_against_the_schema(schema, said):
    made = json.loads(distribution.provider(said, maker="Hearth", site=SITE, updated=NOW))
    assert [one.message for one in jsonschema_rs.iter_errors(schema, made)] == []


def test_the_feed_has_what_its_example_in_the_standard_has():
    """Section 7.1.15: information type csaf, each file with its hashes, the schema that it is valid against."""
    feed = json.loads(distribution.rolie(SAID, maker="Hearth", site=SITE, updated=NOW))["feed"]
    url = f"{SITE}/csaf/2026/careful-2026-0001.json"
    assert feed.keys() == {"id", "title", "link", "category", "updated", "entry"}
    assert feed["link"] == [{"rel": "self", "href": f"{SITE}/csaf/feed-tlp-white.json"}]
    assert feed["category"] == [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}]
    assert feed["updated"] == "2027-01-02T03:00:00.000000Z"
    assert feed["entry"][1] == {
        "id": "CAREFUL-2026-0001",
        "title": ADVISORY.title,
        "link": [
            {"rel": "self", "href": url},
            {"rel": "hash", "href": f"{url}.sha256"},
            {"rel": "hash", "href": f"{url}.sha512"},
        ],
        "published": "2026-12-31T23:00:00.000000Z",
        "updated": "2026-12-31T23:00:00.000000Z",
        "summary": {"content": ADVISORY.summary},
        "content": {"type": "application/json", "src": url},
        "format": {"schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json", "version": "2.0"},
    }


def test_the_index_names_every_file_in_the_folder_of_its_first_release():
    assert distribution.index(SAID) == b"2027/careful-2026-0002.json\n2026/careful-2026-0001.json\n"


def test_changes_are_sorted_the_latest_first():
    assert distribution.changes(SAID[::-1]).decode().splitlines() == [
        '"2027/careful-2026-0002.json","2027-01-02T03:00:00.000000Z"',
        '"2026/careful-2026-0001.json","2026-12-31T23:00:00.000000Z"',
    ]


@given(st.lists(st.integers(0, 10**8), max_size=20))
def test_changes_index_and_feed_name_the_same_files(seconds):
    said = [
        dataclasses.replace(ADVISORY, id=f"CAREFUL-2026-{number:04}", published_at=NOW + timedelta(seconds=after))
        for number, after in enumerate(seconds)
    ]
    rows = [re.fullmatch('"(.*)","(.*)"', row) for row in distribution.changes(said).decode().splitlines()]
    dates = [row[2] for row in rows]
    assert dates == sorted(dates, reverse=True)
    assert [row[1] for row in rows] == distribution.index(said).decode().splitlines()
    feed = json.loads(distribution.rolie(said, maker="Hearth", site=SITE, updated=NOW))["feed"]
    assert {one["content"]["src"] for one in feed["entry"]} == {f"{SITE}/csaf/{row[1]}" for row in rows}
    assert {link["href"].removeprefix(f"{SITE}/csaf/") for one in feed["entry"] for link in one["link"]} == {
        path for path in distribution.paths(said) if "/" in path
    }


@pytest.mark.parametrize(
    ("site", "role"),
    [
        pytest.param("https://hearth.example", "csaf_provider", id="over TLS, with index, feed and well-known address"),
        pytest.param("http://127.0.0.1:8081", "csaf_publisher", id="without TLS"),
    ],
)
def test_no_more_is_claimed_than_is_served(site, role):
    """Section 7.2: a trusted provider signs every file with OpenPGP (requirements 19 and 20)."""
    for said in (SAID, [SIGNED[0], *SAID[1:]], []):
        made = json.loads(distribution.provider(said, maker="Hearth", site=site, updated=NOW))
        assert made["role"] == role
    made = json.loads(distribution.provider(SAID, maker="Hearth", site=site, updated=NOW))
    assert made["public_openpgp_keys"] == []
    assert made["last_updated"] == "2027-01-02T03:00:00.000000Z"
    assert made["distributions"] == [
        {
            "rolie": {
                "feeds": [
                    {
                        "summary": "All security advisories of Hearth.",
                        "tlp_label": "WHITE",
                        "url": f"{site}/csaf/feed-tlp-white.json",
                    }
                ]
            }
        },
        {"directory_url": f"{site}/csaf/"},
    ]


def test_a_site_whose_files_are_all_signed_is_a_trusted_provider(schema):
    made = json.loads(distribution.provider(SIGNED, maker="Hearth", site=SITE, updated=NOW))
    assert [one.message for one in jsonschema_rs.iter_errors(schema, made)] == []
    assert made["role"] == "csaf_trusted_provider"
    key = {"fingerprint": FINGERPRINT, "url": f"{SITE}/csaf/openpgp-{FINGERPRINT}.asc"}
    assert made["public_openpgp_keys"] == [key]
    feed = json.loads(distribution.rolie(SIGNED, maker="Hearth", site=SITE, updated=NOW))["feed"]
    for entry in feed["entry"]:
        assert {"rel": "signature", "href": f"{entry['content']['src']}.asc"} in entry["link"]
    assert f"openpgp-{FINGERPRINT}.asc" in distribution.paths(SIGNED)
    assert {path for path in distribution.paths(SIGNED) if path.endswith(".json.asc")} == {
        f"{path}.asc" for path in distribution.listed(SIGNED)
    }


@pytest.mark.parametrize("algorithm", distribution.HASHES)
def test_a_hash_file_begins_with_the_digest(algorithm):
    digest = hashlib.new(algorithm, b"x").hexdigest()
    assert (
        distribution.hash_line(b"x", algorithm, "CAREFUL-2026-0001") == f"{digest}  careful-2026-0001.json\n".encode()
    )
