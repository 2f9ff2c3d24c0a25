"""`careful init`: five questions, then a product file with a word on every field. Needs no data folder."""

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

from careful import products
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel.errors import Refused

_CATEGORIES = (
    "camera",
    "lock",
    "toy",
    "wearable",
    "childcare",
    "router",
    "hub",
    "appliance",
    "sensor",
    "medical",
    "industrial",
    "other",
)
_WAYS = ("direct", "via_hub", "none")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path("product.yaml"))
@click.option("--name", help="What the product is called.")
@click.option("--category", help=f"One of {', '.join(_CATEGORIES)}.")
@click.option("--markets", help="Where it is sold, such as US,US-CA,EU,UK.")
@click.option("--internet", help="How it reaches the internet: direct, via_hub or none.")
@click.option("--support-until", "until", help="Last day of security updates, such as 2031-12-31.")
@click.option("--id", "product_id", help="Short id for addresses and topics (default: made of the name).")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
@json_option
def command(
    file: Path,
    name: str | None,
    category: str | None,
    markets: str | None,
    internet: str | None,
    until: str | None,
    product_id: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Write a product file. What is not given as an option is asked; Enter leaves a field blank, that is unknown."""
    if file.exists() and not force:
        raise Refused(f"{file} exists already.", do="Name another file, or add --force to write over it.")
    ask = not as_json and any(one is None for one in (name, category, markets, internet, until))
    if ask and sys.stdin.isatty():
        click.echo("Five questions. Enter leaves a field blank: blank means unknown, never no.\n")
    answers = products.Answers(
        name=_answer("1. What is the product called?", name, _name, needed=True, ask=ask),
        category=_answer(f"2. What is it? ({', '.join(_CATEGORIES)})", category, _category, ask=ask) or None,
        markets=tuple(_answer("3. Where is it sold? (US, US-CA, EU, UK ...)", markets, _markets, ask=ask).split()),
        internet=_answer(f"4. How does it reach the internet? ({', '.join(_WAYS)})", internet, _way, ask=ask) or None,
        until=_day(_answer("5. Until which day does it get security updates? (2031-12-31)", until, _until, ask=ask)),
        id=_id(product_id) if product_id else None,
    )
    text = products.write_template(answers)
    products.parse(text.encode(), str(file))
    file.write_text(text, encoding="utf-8")
    made = answers.id or products.slug(answers.name)
    if as_json:
        say_json({"file": file, "product": made})
    else:
        click.echo(f"\nWrote {file} for the product {made}. Fill in what you know, then run: careful check {file}")
    return 0


def _answer(question: str, given: str | None, read: Callable[[str], str], *, needed: bool = False, ask: bool) -> str:
    """Return the option's value, or ask until the answer fits. Raises BadParameter for an option that does not."""
    if given is not None or not ask:
        return read(given or "")
    return str(
        click.prompt(question, default=None if needed else "", show_default=False, value_proc=read, prompt_suffix=" ")
    )


class Reader:
    """Checks one answer: `pattern` is what fits (printable text only), `says` is what to tell where it does not."""

    def __init__(self, pattern: str, says: str, *, fold: bool = True) -> None:
        self._pattern = re.compile(pattern)
        self._says = says
        self._fold = fold

    def __call__(self, text: str) -> str:
        """Return the answer in its plain form. Raises BadParameter."""
        plain = text.strip()
        if self._fold:
            plain = plain.lower()
        if not self._pattern.fullmatch(plain) or not plain.isprintable():
            raise click.BadParameter(f"{text!r} does not fit. {self._says}")
        return plain


_name = Reader(r".{1,200}", "Write one line of up to 200 printable characters.", fold=False)
_category = Reader("|".join(_CATEGORIES) + "|", f"Choose one of {', '.join(_CATEGORIES)}.")
_way = Reader("|".join(_WAYS) + "|", f"Choose one of {', '.join(_WAYS)}.")
_id = Reader(r"[a-z0-9-]{1,32}", "Use 1 to 32 small letters, digits or hyphens.", fold=False)


def _markets(text: str) -> str:
    """Return the markets in capitals, parted by blanks. Raises BadParameter."""
    found = [one for one in re.split(r"[,\s]+", text.upper()) if one]
    odd = [one for one in found if not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", one)]
    if odd:
        raise click.BadParameter(f"{odd[0]!r} is no market. Write codes such as US, US-CA, EU or UK.")
    return " ".join(found)


def _until(text: str) -> str:
    """Return the day as it will be written. Raises BadParameter."""
    if text.strip() and _day(text) is None:
        raise click.BadParameter(f"{text!r} is no date. Write year-month-day, such as 2031-12-31.")
    return text.strip()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
