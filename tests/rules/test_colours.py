"""Colours live in tokens.css and nowhere else, so that light, dark and contrast are decided in one place."""

import re
from pathlib import Path

LOOK = Path(__file__).parents[2] / "src/careful/entrypoints"
LITERAL = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![\w-])|\b(?:rgb|rgba|hsl|hsla|oklch|oklab|lab|lch|hwb|color)\(")


def test_no_colour_outside_tokens():
    found = []
    for path in LOOK.rglob("*"):
        if path.suffix not in {".css", ".html", ".svg", ".js", ".jinja"} or path.name == "tokens.css":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            bare = re.sub(r'(?:href|xlink:href|id|for|data-[\w-]+)="[^"]*"', "", line)
            if LITERAL.search(bare):
                found.append(f"{path.name}:{number}: {line.strip()[:80]}")
    assert found == []
