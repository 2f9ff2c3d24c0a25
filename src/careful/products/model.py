"""What is true of a product: its stage, the declaration in force, and the rules for moving on. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from careful.kernel.errors import Refused
from careful.products.declaration import Declaration
from careful.products.surface import Support

Stage = Literal["declared", "approved", "on sale"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What declaring gave: the version's number, from 1, and the SHA-256 of its bytes in hex."""

    product: str
    digest: str
    version: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a product file, kept for good."""

    product: str
    version: int
    digest: str
    declared_at: datetime
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Product:
    """A product with the declaration in force: the newest approved one, or the newest one while none is."""

    id: str
    name: str
    models: tuple[str, ...]
    stage: Stage
    version: int
    digest: str
    declaration: Declaration
    declared_at: datetime
    approved_at: datetime | None
    page_published_at: datetime | None
    published_until: date | None
    """The support end that stands on the published page."""
    on_sale_at: datetime | None
    pending: int | None
    """A newer version that waits for approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The announced end of a product's support. `told`: how many of the three notices to owners went out."""

    product: str
    until: date
    last_version: str
    release: str
    keeps_working: str
    stops_working: str
    announced_at: datetime
    sbom_sha256: str | None
    vex_sha256: str | None
    kept_at: datetime | None
    told: int
    told_at: datetime | None


def refuse_earlier_end(product: str, promised: date | None, now_said: date | None) -> None:
    """Raise Refused where a support end that was promised would move nearer, or vanish."""
    if promised is None or (now_said is not None and now_said >= promised):
        return
    said = now_said.isoformat() if now_said else "nothing"
    raise Refused(
        f"The support end of {product} may only move later: {promised.isoformat()} is promised, the file says {said}.",
        do=f"Write support.until: {promised.isoformat()}, or a later day.",
        where="support.until",
    )


def update_method(support: Support | None) -> str:
    """Say in a few words how updates come; empty where the declaration leaves it blank."""
    if support is None or support.automatic_updates is None:
        return ""
    words = ["installed automatically" if support.automatic_updates else "installed by the owner"]
    if support.automatic_updates and support.user_can_postpone is not None:
        words.append("can be postponed" if support.user_can_postpone else "cannot be postponed")
    if support.restart is not None:
        words.append("with a restart" if support.restart else "without a restart")
    if support.cadence_days:
        words.append(f"at least every {support.cadence_days} days")
    return ", ".join(words)
