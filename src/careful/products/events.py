"""What can happen to a product, for the ledger. Ids, dates and counts only."""

from dataclasses import dataclass

from careful.kernel.ledger import Event, event


@event("products.declared", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class ProductDeclared(Event):
    """A version of the product file was handed in; `digest` is the SHA-256 of its bytes."""

    product: str
    digest: str
    version: int


@event("products.approved", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class ProductApproved(Event):
    """Someone answered for the newest version: from here on it is what the gateway enforces."""

    product: str
    digest: str
    laws_apply: tuple[str, ...]
    laws_unknown: tuple[str, ...]
    streams: int


@event("products.data_declared", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class DataDeclared(Event):
    """With the approval: which data items there are, and what of their life is blank (`item.stage`).

    `children` tells whether children use the product (yes, no, unknown), `unguarded` what of theirs waits for no
    parent, `unbounded` which personal data has no end.
    """

    product: str
    version: int
    items: tuple[str, ...]
    streams: int
    lacking: tuple[str, ...]
    children: str
    unguarded: tuple[str, ...]
    unbounded: tuple[str, ...]


@event("products.page_published", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class PagePublished(Event):
    """What a buyer must know was published: support end (ISO date), how updates come, how many kinds of data."""

    product: str
    digest: str
    support_until: str
    update_method: str
    data_items: int


@event("products.put_on_sale", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class ProductPutOnSale(Event):
    """The product may be sold."""

    product: str
    support_until: str


@event("products.end_announced", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class EndAnnounced(Event):
    """It was announced when support ends and which release is the last; what goes on working is said with it."""

    product: str
    until: str
    last_version: str
    release: str


@event("products.end_papers_kept", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class EndPapersKept(Event):
    """Support has ended, and the last SBOM and VEX were kept."""

    product: str
    sbom_sha256: str
    vex_sha256: str


@event("products.suppliers_relied_on", subject="product/{product}")
@dataclass(frozen=True, kw_only=True)
class SuppliersReliedOn(Event):
    """With the approval: the suppliers that data goes to, and what their contracts must hold (`supplier clause`)."""

    product: str
    version: int
    suppliers: tuple[str, ...]
    clauses: tuple[str, ...]
