"""The JSON Schema of product.yaml, for editors that complete and check while one types.

Made from the code and kept beside it as product.schema.json; `write` writes it anew.
"""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from careful.products.declaration import SCHEMA, Declaration

FILE = "product.schema.json"


def make_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12). Every field but the ids may be null: blank means unknown."""
    made = Declaration.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:careful:{SCHEMA.replace('/', ':')}",
        **made,
        "title": "Careful product declaration",
    }


def make_text() -> str:
    """Return the schema as the bytes of the file."""
    return json.dumps(make_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def published() -> str:
    """Return the file that ships with Careful."""
    return resources.files("careful.products").joinpath(FILE).read_text(encoding="utf-8")


def write() -> None:
    """Write the file anew; after a change of the declaration's code."""
    Path(__file__).with_name(FILE).write_text(make_text(), encoding="utf-8")
