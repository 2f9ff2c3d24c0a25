"""Every source file has its test file at the mirrored place; an exception carries its reason here."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
EXCEPTIONS: dict[str, str] = {}
"""Path -> why no mirrored test file."""


def missing():
    for source, tests in (("src/careful", "tests"), ("device/src/careful_device", "device/tests")):
        for path in sorted((ROOT / source).rglob("*.py")):
            where = path.relative_to(ROOT / source)
            plain = path.name in {"__init__.py", "__main__.py", "events.py", "store.py"}
            plain = plain or path.stem.endswith(("_store", "_events"))
            if plain or where.parts[0] == "migrations":
                # Front doors re-export; events and tables are plain declarations, tested through actions and queries.
                continue
            if not (ROOT / tests / where.parent / f"test_{path.name}").exists():
                yield str(path.relative_to(ROOT))


def test_every_source_file_has_its_test():
    assert [name for name in missing() if name not in EXCEPTIONS] == []


def test_every_exception_is_needed():
    assert sorted(EXCEPTIONS) == [name for name in missing() if name in EXCEPTIONS]
