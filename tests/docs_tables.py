"""Writes the generated parts of docs/: settings, events, commands, recommendations. Run: python tests/docs_tables.py"""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "rules"))
import click
import test_documented as found

from careful import people
from careful.assurance.evidence import known
from careful.kernel.settings import Settings
from careful.monitoring import rules

DOCS = Path(__file__).parents[1] / "docs"


def settings() -> str:
    lines = [
        "# Settings",
        "",
        "Each is read from the environment, else from `careful.toml` in the data folder (lower case, without",
        "`CAREFUL_`), else the default holds. None needs setting for a working, safe system on one machine.",
        "",
        "| setting | default | what it does |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = str(field.default) if field.default not in ("", None) else ""
        lines.append(f"| `CAREFUL_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def events() -> str:
    lines = [
        "# Events",
        "",
        "What the ledger can say. Each entry has a number, a moment, an actor, a name, a subject and these fields;",
        "none ever holds personal data. The list only grows: a field once written keeps its meaning.",
        "",
        "| event | subject | fields | what happened |",
        "|---|---|---|---|",
    ]
    for name, kind in sorted(found.load_all_events().items()):
        fields = ", ".join(field.name for field in dataclasses.fields(kind))
        said = " ".join((kind.__doc__ or "").split())
        lines.append(f"| `{name}` | {kind.subject_form} | {fields} | {said} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    lines = [
        "# Commands",
        "",
        "`careful --data DIR COMMAND`; most take `--json`. Each explains itself with `--help`.",
        "",
    ]
    group = ""
    for name, command in found.commands():
        first = name.split()[1]
        if first != group:
            lines += ["", f"## careful {first}", "", "| command | what it does |", "|---|---|"]
            group = first
        usage = " ".join(
            parameter.make_metavar(click.Context(command))
            for parameter in command.params
            if isinstance(parameter, click.Argument)
        )
        says = command.get_short_help_str(160)
        lines.append(f"| `{name}{' ' + usage if usage else ''}` | {says} |")
    return "\n".join(lines) + "\n"


def recommendations() -> str:
    lines = [
        "# Recommendations that facts decide",
        "",
        "Ids are those of the guide's 82 recommendations. A verdict is *met, not met, not applicable* or *unknown*; it",
        "is computed from ledger entries and the clock, never typed. Past its age a fact no longer counts: the",
        "verdict is",
        "unknown again, and unknown is never green.",
        "",
        "| id | what the guide asks | the fact that decides | how old it may be |",
        "|---|---|---|---|",
    ]
    for one in known():
        age = f"{one.max_age.days} days" if one.max_age else "does not age"
        lines.append(f"| `{one.id}` | {one.asks} | {one.fact} | {age} |")
    return "\n".join(lines) + "\n"


def detections() -> str:
    """The table of detections in watching.md, between its marks; the rest of that page is written by hand."""
    lines = [
        "| detection | the rule | where the limit comes from | budget | hardest action | sees |",
        "|---|---|---|---|---|---|",
        *(
            f"| `{one.id}` | {one.words} | {one.limit} | {one.budget:g} | {one.action} | {one.sees} |"
            for one in rules()
        ),
    ]
    page = (DOCS / "watching.md").read_text()
    before, _, rest = page.partition("<!-- detections -->\n")
    return (
        before
        + "<!-- detections -->\n"
        + "\n".join(lines)
        + "\n<!-- /detections -->"
        + rest.partition("<!-- /detections -->")[2]
    )


if __name__ == "__main__":
    (DOCS / "watching.md").write_text(detections())
    (DOCS / "roles.md").write_text(people.as_markdown())
    for page in (settings, events, commands, recommendations):
        (DOCS / f"{page.__name__}.md").write_text(page())
