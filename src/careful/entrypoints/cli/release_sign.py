"""`careful release sign | publish | keys …`: what makes a release genuine, with keys here or on another machine."""

from pathlib import Path
from typing import Any

import click

from careful import releases, updates
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel.actors import OPERATOR
from careful.kernel.keys import Keys
from careful.kernel.work import World
from careful.releases import signing

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_keys = click.option("--keys", type=_FOLDER, help="Folder with the keys, where the server does not have them.")


@click.command()
@click.argument("product")
@click.argument("version")
@_keys
@click.option("--answer", type=_FILE, help="An answered signing request, in place of keys.")
@json_option
@click.pass_context
def sign(ctx: click.Context, product: str, version: str, keys: Path | None, answer: Path | None, as_json: bool) -> None:
    """Say that VERSION of PRODUCT is genuine. Devices see it once it is published."""
    world: World = ctx.obj.world()
    release = releases.get(world, product, version)
    if answer is not None:
        signed = updates.import_signatures(world, OPERATOR, release.id, answer.read_bytes())
    else:
        signed = updates.sign_release(world, OPERATOR, release.id, keys)
    if as_json:
        say_json(signed)
        return
    by = ", ".join(keyid[:12] for keyid in signed.keyids)
    click.echo(f"{product} {version} is signed by {by} (targets {signed.metadata_version}).")
    click.echo(f"Put it in force: careful release publish {product} {version}")


@click.command()
@click.argument("product")
@click.argument("version")
@json_option
@click.pass_context
def publish(ctx: click.Context, product: str, version: str, as_json: bool) -> None:
    """Put a signed VERSION of PRODUCT in force in the update repository."""
    world: World = ctx.obj.world()
    versions = updates.publish(world, OPERATOR, releases.get(world, product, version).id)
    if as_json:
        say_json({"product": product, "version": version, "metadata": versions})
        return
    numbers = ", ".join(f"{role} {number}" for role, number in versions.items())
    click.echo(f"{product} {version} is published ({numbers}).")
    click.echo(f"Bring it to the devices: careful rollout start {product} {version}")


@click.command()
@click.argument("product")
@click.argument("version")
@click.argument("file", type=_FILE)
@click.pass_context
def request(ctx: click.Context, product: str, version: str, file: Path) -> None:
    """Write to FILE what is to be signed on the machine that has the targets key."""
    world: World = ctx.obj.world()
    file.write_bytes(updates.signing_request(world, releases.get(world, product, version).id))
    click.echo(f"Written. Where the key is: careful release answer {file.name} --keys DIR --output answer.json")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--keys", type=_FOLDER, required=True, help="Folder with the keys.")
@click.option("--output", type=_FILE, required=True, help="Where to write the answer.")
@json_option
def answer(file: Path, keys: Path, output: Path, as_json: bool) -> None:
    """Sign the request in FILE; needs no server, no data folder and no network."""
    content = file.read_bytes()
    asked = signing.read_request(content)
    output.write_bytes(signing.answer_request(content, Keys(keys)))
    shown = {"product": asked.product, "role": asked.role, "version": asked.version, "targets": asked.targets}
    if as_json:
        say_json(shown)
        return
    click.echo(f"Signed {asked.role} {asked.version} of {asked.product}, until {asked.expires:%Y-%m-%d}:")
    for target in asked.targets:
        click.echo(f"  {target}")


@click.command("export-keys")
@click.argument("product")
@click.argument("folder", type=_FOLDER)
@json_option
@click.pass_context
def export_keys(ctx: click.Context, product: str, folder: Path, as_json: bool) -> None:
    """Move the root and targets keys of PRODUCT to FOLDER; the server forgets them."""
    _say_moved(updates.export_keys(ctx.obj.world(), OPERATOR, product, folder), f"are in {folder} alone", as_json)


@click.command("import-keys")
@click.argument("product")
@click.argument("folder", type=_FOLDER)
@json_option
@click.pass_context
def import_keys(ctx: click.Context, product: str, folder: Path, as_json: bool) -> None:
    """Bring the keys of PRODUCT back from FOLDER."""
    _say_moved(updates.import_keys(ctx.obj.world(), OPERATOR, product, folder), "are on this server", as_json)


def _say_moved(names: tuple[str, ...], where: str, as_json: bool) -> None:
    if as_json:
        say_json({"keys": names})
    else:
        click.echo(f"{', '.join(names)} {where}.")


@click.command("replace-key")
@click.argument("product")
@click.argument("role", type=click.Choice(signing.ROLES))
@click.option("--reason", required=True, help="Why, in a sentence; it stays in the ledger.")
@_keys
@json_option
@click.pass_context
def replace_key(ctx: click.Context, product: str, role: str, reason: str, keys: Path | None, as_json: bool) -> None:
    """Replace the key of ROLE, lost or stolen; devices learn it from a new root, and believe the old key no more."""
    versions = updates.replace_key(ctx.obj.world(), OPERATOR, product, role, reason, keys)
    if as_json:
        say_json({"product": product, "role": role, "metadata": versions})
    else:
        click.echo(f"{product} has a new {role} key, told by root {versions['root']}.")


@click.command()
@click.argument("product")
@json_option
@click.pass_context
def status(ctx: click.Context, product: str, as_json: bool) -> None:
    """Show the update repository of PRODUCT: what is in force, until when, and which keys are here."""
    found = updates.published(ctx.obj.world(), product)
    if as_json:
        say_json(found)
        return
    if not found.versions:
        click.echo(f"{product} has no update repository yet; it begins with the first signed release.")
    for role, number in found.versions.items():
        click.echo(f"  {role:<10} {number:>4}  until {found.expires[role]:%Y-%m-%d %H:%MZ}")
    for target in found.targets:
        click.echo(f"  {target}")
    if found.keys_away:
        click.echo(f"  {len(found.keys_away)} keys are kept elsewhere.")


@click.command()
@click.argument("product")
@click.argument("file", type=_FILE)
@click.pass_context
def root(ctx: click.Context, product: str, file: Path) -> None:
    """Write to FILE the root metadata that every device of PRODUCT is given when it is made."""
    world: Any = ctx.obj.world()
    file.write_bytes(updates.trusted_root(world, product))
    click.echo(f"Written to {file}. Devices trust what this file leads to, and nothing else.")


COMMANDS = (sign, publish, request, answer, export_keys, import_keys, replace_key, status, root)
"""For the group `careful release`."""
