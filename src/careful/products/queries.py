"""What one may ask about products."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from careful import suppliers
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.products import store
from careful.products.declaration import Declaration
from careful.products.handed_out import handed_out
from careful.products.model import Product, Stage, Version
from careful.products.parsing import parse
from careful.products.permit import Permit, permit


def get(world: World, product: str) -> Product:
    """Return one product. Raises NotFound."""
    with world.look() as connection:
        row = connection.execute(_products().where(store.product.c.id == product)).one_or_none()
    if row is None:
        raise unknown(product)
    return _product(row)


def list_all(world: World) -> list[Product]:
    """Return every product, by id."""
    with world.look() as connection:
        rows = connection.execute(_products().order_by(store.product.c.id)).all()
    return [_product(row) for row in rows]


def versions(world: World, product: str) -> list[Version]:
    """Return every version of a product file, newest first. Raises NotFound."""
    columns = store.version.c
    query = (
        select(columns.product, columns.version, columns.digest, columns.declared_at, columns.approved_at)
        .where(columns.product == product)
        .order_by(columns.version.desc())
    )
    with world.look() as connection:
        rows = connection.execute(query).all()
    if not rows:
        raise unknown(product)
    return [Version(row.product, row.version, row.digest, row.declared_at, row.approved_at) for row in rows]


def text_of(world: World, product: str, version: int) -> bytes:
    """Return a version's bytes, exactly as they were handed in. Raises NotFound."""
    query = select(store.version.c.text).where(store.version.c.product == product, store.version.c.version == version)
    with world.look() as connection:
        text: bytes | None = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"There is no version {version} of a product {product!r}.", do="Run: careful product list")
    return text


def permit_of(world: World, product: str) -> Permit:
    """Return what devices of this product may say, by the declaration in force. Raises NotFound."""
    return permit_at(world, product, get(world, product).version)


def permit_at(world: World, product: str, version: int) -> Permit:
    """Return what devices may say by one version of the product file. Raises NotFound."""
    return _permit(text_of(world, product, version), version)


def unknown(product: str) -> NotFound:
    """Make the error for a product that nobody declared."""
    return NotFound(f"There is no product {product!r}.", do="Run: careful product list")


def _products() -> Select[Any]:
    in_force = func.coalesce(store.product.c.approved, store.product.c.newest)
    return (
        select(store.product, store.version.c.version, store.version.c.digest, store.version.c.text)
        .add_columns(store.version.c.declared_at)
        .join(store.version, and_(store.version.c.product == store.product.c.id, store.version.c.version == in_force))
    )


def _product(row: Row[Any]) -> Product:
    declaration = _parsed(row.text)
    stage: Stage = "on sale" if row.on_sale_at else "approved" if row.approved_at else "declared"
    return Product(
        id=row.id,
        name=declaration.name,
        models=declaration.product.models or (),
        stage=stage,
        version=row.version,
        digest=row.digest,
        declaration=declaration,
        declared_at=row.declared_at,
        approved_at=row.approved_at,
        page_published_at=row.page_published_at,
        published_until=store.day(row.published_until),
        on_sale_at=row.on_sale_at,
        pending=row.newest if row.newest != row.version else None,
    )


@lru_cache(maxsize=256)
def _permit(text: bytes, version: int) -> Permit:
    return permit(_parsed(text), version)


@lru_cache(maxsize=64)
def _parsed(text: bytes) -> Declaration:
    return parse(text)


def handed_out_without(world: World) -> list[tuple[Product, suppliers.Need, tuple[str, ...]]]:
    """Return where data goes without evidence or obligations, and what is missing: each would stop an approval."""
    known, today = suppliers.list_all(world), world.clock.now().date()
    return [
        (product, need, missing)
        for product in list_all(world)
        for need in handed_out(product.declaration)
        if (missing := suppliers.lacking(need, known, today))
    ]
