"""`careful token`: API tokens with narrow scopes and an end. The secret is printed once."""

import click

from careful import people
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR


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
    rows = [
        (token.id, token.name, token.scopes, token.expires_at, token.used_at, "revoked" if token.revoked_at else "")
        for token in tokens
    ]
    columns = ("Id", "Name", "May", "Until", "Last used", "")
    say_table("API tokens", columns, rows, empty="No tokens. Run: careful token new NAME --scope cases:read")


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
