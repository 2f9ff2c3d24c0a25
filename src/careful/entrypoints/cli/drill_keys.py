"""`careful drill lost-key`: rehearse the loss of a key of the update repository, on a copy, and record how it went."""

import click

from careful import products, updates
from careful.entrypoints.cli.output import json_option, say_json
from careful.entrypoints.cli.release_sign import keys_option
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Refused
from careful.kernel.work import World
from careful.releases import signing


@click.command("lost-key")
@click.argument("role", type=click.Choice(signing.ROLES))
@click.option("--product", help="Whose key; default: every product that has an update repository.")
@keys_option
@json_option
@click.pass_context
def lost_key(
    ctx: click.Context, *, role: str, product: str | None, keys: list[signing.KeyStore], as_json: bool
) -> None:
    """Rehearse that the key of ROLE is stolen and replaced, on a copy. Exit code 0: devices follow and refuse the old.

    Without the keys that the replacement takes (--keys), keys made for the occasion stand in.
    """
    world: World = ctx.obj.world()
    names = (
        [product]
        if product
        else [one.id for one in products.list_all(world) if updates.published(world, one.id).versions]
    )
    if not names:
        raise Refused("No product has an update repository yet.", do="Sign a release.")
    found = [updates.rehearse(world, OPERATOR, name, role, keys) for name in names]
    if as_json:
        say_json(found)
    for one in () if as_json else found:
        click.echo(f"{one.product}, {one.role} key, {one.keys} keys:")
        for sentence in one.shown:
            click.echo(f"  {sentence}")
        click.echo("  It held." if one.held else f"  IT DID NOT HOLD: {one.failed}")
    ctx.exit(0 if all(one.held for one in found) else 1)
