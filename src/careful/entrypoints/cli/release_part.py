"""`careful release part`: a further file of a release, on the server itself or over the API."""

from pathlib import Path

import click

from careful.entrypoints.cli.output import json_option, say_json
from careful.entrypoints.cli.progress import counting
from careful.entrypoints.cli.release_doors import SERVER, door_to
from careful.kernel.errors import NotFound


@click.command()
@click.argument("product")
@click.argument("version")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--part", required=True, help="What of the device it is for, such as os, bApp or jvm.")
@click.option("--name", default="", help="The module's name; without one it is named after the part.")
@click.option("--part-version", default="", help="The module's own version, where it differs.")
@click.option("--server", metavar="URL", help=f"Over the API, with the token in CAREFUL_TOKEN; or {SERVER}.")
@json_option
@click.pass_context
def part(
    ctx: click.Context, /, *, product: str, version: str, file: Path, server: str | None, as_json: bool, **given: str
) -> None:
    """Add FILE to VERSION of PRODUCT, for clients that take several; before it is signed."""
    door = door_to(server, ctx.obj.world)
    known = door.find(product, version)
    if known is None:
        raise NotFound(f"There is no release {version} of {product}.", do="Add it: careful release create")
    words = {"part": given["part"], "name": given["name"], "version": given["part_version"]}
    with counting(f"Storing {file.name}"):
        done = door.add_part(known["id"], words, file)
    if as_json:
        say_json(done)
        return
    added = next((one for one in done["parts"] if one["artifact"]["filename"] == file.name), None)
    if added and added.get("bundle"):
        click.echo(f"  {file.name} is a .{added['bundle']['format']} and says what the release says.")
    click.echo(
        f"{product} {version} has {len(done['parts']) + 1} files. Sign it: careful release sign {product} {version}"
    )


COMMANDS = (part,)
"""For the group `careful release`."""
