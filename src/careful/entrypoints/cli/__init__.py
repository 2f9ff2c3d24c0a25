"""The command line: one group per noun, loaded when used, so that `careful --help` answers at once."""

import errno
import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from careful import __version__
from careful.kernel.errors import CarefulError, Invalid, Unavailable

COMMANDS = {
    "up": ("up", "Start Careful: console, public site, device doors and worker."),
    "demo": ("", "Run the main job on a make-believe maker with 50 devices."),
    "init": ("init", "Write a product file from five questions."),
    "check": ("check", "Check a product file; for your editor and your CI."),
    "product": ("product", "Declare, approve and put products on sale."),
    "release": ("release", "Add, sign and publish releases."),
    "device": ("device", "Enrol, list, quarantine and retire devices."),
    "data": ("data", "See what is collected, refused and read; note consents; delete."),
    "scan": ("scan", "Look an SBOM up in the known flaws, changing nothing."),
    "diff": ("diff", "Say which flaws came and went between two releases, and why."),
    "feeds": ("feeds", "Take in feeds of known flaws and see how old they are."),
    "vuln": ("vuln", "See, judge and close cases of known flaws."),
    "rollout": ("rollout", "Start, watch, halt and resume rollouts."),
    "watch": ("watch", "See alerts; run recorded traffic through the detections; compare it with what is declared."),
    "drill": ("drill", "Rehearse what must be refused, and record what happened."),
    "notice": ("notice", "Draft, publish and send advisories."),
    "obligation": ("obligation", "See what must be reported by when, and draft the reports."),
    "evidence": ("evidence", "See verdicts, prove the ledger, hand evidence to an auditor."),
    "approvals": ("approvals", "See what waits for a second person; agree or refuse."),
    "staff": ("staff", "Invite people and end their sessions."),
    "supplier": ("supplier", "Keep the record of suppliers: evidence, contracts, questions."),
    "token": ("token", "Make and revoke API tokens."),
    "trust": ("trust", "Let CI jobs in without a secret."),
    "doctor": ("doctor", "Check clock, ports, TLS, disk, keys, gateway, ledger and feeds."),
    "backup": ("backup", "Copy everything into one file while Careful runs."),
    "restore": ("backup", "Restore a backup and prove it against its ledger."),
}

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}

ABOVE: dict[str, str] = {}
"""Commands whose modules stand above this package; `assemble` fills it."""


class LazyGroup(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of a maker's work."""
        return [*COMMANDS, *(name for name in super().list_commands(ctx) if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(ABOVE.get(cmd_name) or f"careful.entrypoints.cli.{COMMANDS[cmd_name][0]}")
        return getattr(module, "restore" if cmd_name == "restore" else "command")  # type: ignore[no-any-return]  # every module names its command so

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's signature)
        """Write the list from the table above, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.option("--data", metavar="DIR", help="Data folder (default: careful-data, or CAREFUL_DATA).")
@click.version_option(__version__, message="careful %(version)s")
@click.pass_context
def cli(ctx: click.Context, data: str | None) -> None:
    """Keep connected devices safe for as long as people own them.

    Start with `careful demo` to see it work, or `careful init` to declare your first product.
    """
    if data:
        ctx.obj.use(data=data)


def run(parts: object, above: Mapping[str, str], arguments: Sequence[str] | None = None) -> int:
    """Run one command line; print any refusal as a sentence. Returns the exit code (2: unreadable input).

    `above` names the modules of commands that stand above this package: command -> module.
    """
    ABOVE.update(above)
    try:
        code = cli.main(args=arguments, obj=parts, prog_name="careful", standalone_mode=False)
    except CarefulError as refusal:
        return _tell(refusal, as_json="--json" in (arguments or sys.argv))
    except OSError as failure:
        if failure.filename is None and failure.errno not in _NO_ROOM:
            raise
        return _tell(_unusable(failure), as_json="--json" in (arguments or sys.argv))
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except click.ClickException as usage:
        usage.show()
        return usage.exit_code
    return code if isinstance(code, int) else 0


def _unusable(failure: OSError) -> Unavailable:
    """Say of a file or folder that could not be read or written what the system said of it."""
    if failure.filename is None:
        return Unavailable("The disk is full; nothing was kept.", do="Free some space, then try again.")
    path = Path(os.fsdecode(failure.filename))
    return Unavailable(f"{path}: {failure.strerror}.", do=f"See: ls -ld {path.parent} && df -h {path.parent}")


def _tell(refusal: CarefulError, *, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"error": refusal.as_dict()}), err=True)
    else:
        click.echo(f"careful: {refusal}", err=True)
        problems: tuple[Any, ...] = getattr(refusal, "problems", ())
        for problem in problems:
            click.echo(f"  {problem}", err=True)
    return 2 if isinstance(refusal, Invalid) else 1
