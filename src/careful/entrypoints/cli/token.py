"""`careful token`: API tokens with narrow scopes and an end. The secret is printed once."""

import os
import re
from typing import TextIO

import click

from careful import people
from careful.entrypoints.cli.job_identity import exchanged
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.entrypoints.cli.release_doors import SERVER
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid


@click.group(name="token")
def command() -> None:
    """Make and revoke API tokens."""


@command.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="resource:verb or resource:*; give several.")
@click.option("--days", type=click.IntRange(1, people.MAX_DAYS), default=30, show_default=True, help="Life in days.")
@json_option
@click.pass_context
def new(ctx: click.Context, *, name: str, scopes: tuple[str, ...], days: int, as_json: bool) -> None:
    """Make a token and print it, this once."""
    token = people.issue_token(ctx.obj.world(), OPERATOR, name, scopes, days)
    if as_json:
        say_json({"name": name, "token": token, "days": days})
    else:
        click.echo(token)


@command.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List tokens; their secrets are not kept."""
    tokens = people.list_tokens(ctx.obj.world())
    if as_json:
        say_json(tokens)
        return
    now = ctx.obj.world().clock.now()
    rows = [
        (token.id, token.name, token.scopes, token.issued_by, token.expires_at, token.used_at, token.standing(now))
        for token in tokens
    ]
    columns = ("Id", "Name", "May", "Made by", "Until", "Last used", "")
    say_table("API tokens", columns, rows, empty="No tokens. Run: careful token new NAME --scope cases:read")
    soon = [token for token in tokens if token.standing(now) == "ends soon"]
    for token in sorted(soon, key=lambda one: one.expires_at):
        days = (token.expires_at - now).days
        click.echo(
            f"{token.name} ends in {days} {'day' if days == 1 else 'days'}. Make its successor in time.", err=True
        )


@command.command()
@click.argument("token")
@json_option
@click.pass_context
def revoke(ctx: click.Context, *, token: str, as_json: bool) -> None:
    """End a token, by its id."""
    people.revoke_token(ctx.obj.world(), OPERATOR, token)
    if as_json:
        say_json({"token": token, "state": "revoked"})
    else:
        click.echo(f"Token {token} no longer works.")


@command.command()
@json_option
@click.pass_context
def scopes(ctx: click.Context, *, as_json: bool) -> None:  # noqa: ARG001 (click passes its context)
    """List every scope there is."""
    if as_json:
        say_json(sorted(people.all_scopes()))
    else:
        click.echo("\n".join(sorted(people.all_scopes())))


@command.command()
@click.option("--server", metavar="URL", help=f"Where Careful is; or {SERVER}.")
@click.option("--scope", "scopes", multiple=True, help="Fewer than the trust gives; give several.")
@json_option
def exchange(*, server: str | None, scopes: tuple[str, ...], as_json: bool) -> None:
    """Exchange what the CI platform says of this job for a token of minutes, and print it.

    For platforms that say it once in a job (GitLab): export CAREFUL_TOKEN=$(careful token exchange)
    """
    named = server or os.environ.get(SERVER, "")
    if not named:
        raise Invalid("Where is Careful?", do=f"Give --server, or set {SERVER}.", where="--server")
    given = exchanged(named, scopes)
    if as_json:
        say_json(given)
    else:
        click.echo(given["access_token"])


@command.command()
@click.argument("file", type=click.File("r", errors="replace"), default="-")
@click.pass_context
def scan(ctx: click.Context, file: TextIO) -> None:
    """Look for our tokens in FILE (or what is piped in), and say in which lines; exit 1 where there are any."""
    found = 0
    for number, line in enumerate(file, 1):
        for match in re.finditer(people.TOKEN_PATTERN, line):
            if people.is_token(match[0]):
                found += 1
                click.echo(f"line {number}: {match[0][:12]}…")
    ctx.exit(1 if found else 0)
