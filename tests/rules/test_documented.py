"""A setting, command, event or recommendation that is not documented does not exist."""

import importlib
import pkgutil
import re
from pathlib import Path

import click

import careful
from careful import assemble
from careful.assurance.evidence import known
from careful.entrypoints.cli import ABOVE, cli
from careful.kernel.ledger import REGISTRY
from careful.kernel.settings import Settings
from careful.monitoring import rules

DOCS = Path(__file__).parents[2] / "docs"


def text(name):
    return (DOCS / name).read_text()


def rows(name):
    """The names in the first column of a page's tables: `name`."""
    return re.findall(r"^\| `([^`]+)`", text(name), re.MULTILINE)


def load_all_events():
    for module in pkgutil.walk_packages(careful.__path__, "careful."):
        if module.name.endswith(".events") or module.name == "careful.kernel.outbox":
            importlib.import_module(module.name)
    return {name: kind for name, kind in REGISTRY.items() if kind.__module__.startswith("careful.")}


def commands(group=cli, prefix="careful"):
    ABOVE.update(assemble.ABOVE)
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        elif not command.hidden:
            yield f"{prefix} {name}", command


def test_settings():
    page = text("settings.md")
    assert rows("settings.md") == [f"CAREFUL_{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description in page, name


def test_events():
    found = load_all_events()
    assert rows("events.md") == sorted(found)
    for name, kind in found.items():
        for field in kind.__dataclass_fields__:
            assert re.search(rf"^\| `{re.escape(name)}` \|.*\b{field}\b", text("events.md"), re.MULTILINE), (
                name,
                field,
            )


def test_commands():
    page = text("commands.md")
    for name, command in commands():
        assert f"`{name}" in page, name
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help or parameter.name == "as_json", f"{name} {parameter.opts}"


def test_detections():
    assert rows("watching.md") == [one.id for one in rules()]
    for one in rules():
        assert f"| {one.words} | {one.limit} | {one.budget:g} | {one.action} |" in text("watching.md"), one.id


def test_recommendations():
    assert rows("recommendations.md") == [one.id for one in known()]
