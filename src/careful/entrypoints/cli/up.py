"""`careful up`: everything in one process tree; prints where things are and, at first, the one-time link."""

import time
from typing import Any

import click

from careful.entrypoints.cli.listening import check_ports, free_row, ports
from careful.entrypoints.cli.supervise import Tree, check_room, prepare, take_lock


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """Start Careful and keep it running until Ctrl+C.

    Makes keys and tables on first start, and prints a one-time link with which the first person signs in.
    No default password exists.
    """
    began = time.monotonic()
    parts: Any = ctx.obj
    settings = parts.settings()
    lock = take_lock(settings.data)
    check_room(settings.data)
    wanted = ports(settings)
    check_ports(
        settings.host,
        wanted,
        lambda name: f"CAREFUL_{name.upper()}={free_row(settings.host, wanted[name])} careful up",
    )
    code, link = prepare(parts.preparation(), settings)
    if code:
        ctx.exit(code)
    tree = Tree(parts.processes(), settings, lock)
    tree.start()
    click.echo(f"Careful is up after {time.monotonic() - began:.1f} s, data in {settings.data.resolve()}")
    click.echo(f"  Console      {settings.console_url}")
    click.echo(f"  Public site  {settings.public_url}")
    click.echo(f"  Devices      {settings.device_url} (EST, DDI, TUF), MQTT over TLS on port {settings.mqtt_port}")
    if link:
        click.echo("\nNobody can sign in yet. This link works once, for 60 minutes:")
        click.echo(f"  {link}")
    click.echo("\nStop with Ctrl+C.")
    tree.watch()
    click.echo("Stopped.")
