"""What was decided about a product's flaws as one file, in the form that is asked for."""

import uuid
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from careful import products
from careful.kernel.work import World
from careful.vulnerabilities import queries, vex

Form = Literal["openvex", "cyclonedx", "csv"]
FORMS: tuple[Form, ...] = get_args(Form)
_FILES: dict[Form, tuple[str, str]] = {
    "openvex": ("application/json", "openvex.json"),
    "cyclonedx": ("application/vnd.cyclonedx+json", "cdx.json"),
    "csv": ("text/csv; charset=utf-8", "csv"),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: its text, what it is called, and how many statements it makes."""

    text: str
    media_type: str
    filename: str
    statements: int


def export(world: World, product: str, form: Form) -> Exported:
    """Say what was decided about every flaw of a product, release by release. Raises NotFound."""
    name = products.get(world, product).id
    said, now, author = queries.vex(world, name), world.clock.now(), world.settings.maker_name
    if form == "openvex":
        address = f"{world.settings.public_url}/openvex/{name}"
        text = _json(vex.openvex(name, author, address, now, said))
    elif form == "cyclonedx":
        text = _json(vex.cyclonedx(name, author, str(uuid.uuid4()), now, said))
    else:
        text = vex.table(name, said)
    media, ending = _FILES[form]
    return Exported(text, media, f"{name}.{ending}", len(said))


def _json(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
