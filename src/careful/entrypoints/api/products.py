"""Products: declare by sending product.yaml, approve, publish the page, put on sale."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel

from careful import products
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.kernel.actors import Actor
from careful.kernel.errors import TooLarge

router = APIRouter(prefix="/products", tags=["products"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("products", "read"))]
_Version = Annotated[int | None, Query(ge=1, le=1 << 31)]
_YAML = "application/yaml"


class Product(BaseModel):
    """One product as it stands. `version` is the declaration in force, `pending` a newer one awaiting approval."""

    id: str
    name: str
    models: list[str]
    stage: str
    version: int
    digest: str
    pending: int | None
    declared_at: datetime
    approved_at: datetime | None
    page_published_at: datetime | None
    published_until: date | None
    on_sale_at: datetime | None


@router.get("")
def list_products(world: TheWorld, _: _Read) -> list[Product]:
    """List every product."""
    return [_shown(one) for one in products.list_all(world)]


@router.post("", status_code=201)
def declare(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("products", "declare"))],
    text: Annotated[bytes, Body(media_type=_YAML, description="product.yaml as it is")],
) -> products.Declared:
    """Declare a product, or a new version of one. Refused with every problem's line and field."""
    if len(text) > products.MAX_BYTES:
        raise TooLarge(f"A product file has at most {products.MAX_BYTES >> 10} KiB.", do="Shorten it.")
    return products.declare(world, actor, text)


@router.get("/{product}")
def get(world: TheWorld, _: _Read, product: str) -> Product:
    """Return one product."""
    return _shown(products.get(world, product))


@router.get("/{product}/declaration", response_class=Response)
def declaration(world: TheWorld, _: _Read, product: str, version: _Version = None) -> Response:
    """Return a version of the product file, byte for byte; without `version` the one in force."""
    wanted = products.get(world, product).version if version is None else version
    return Response(products.text_of(world, product, wanted), media_type=_YAML)


@router.get("/{product}/derived")
def derived(world: TheWorld, _: _Read, product: str, on: date | None = None) -> dict[str, Any]:
    """Return all that follows from the declaration in force: laws, requirements, streams, retention, tests."""
    declaration = products.get(world, product).declaration
    return products.derive(declaration, on or world.clock.now().date()).as_dict()


@router.post("/{product}/approve")
def approve(world: TheWorld, actor: Annotated[Actor, Depends(needs("products", "approve"))], product: str) -> Product:
    """Put the newest declaration in force."""
    products.approve(world, actor, product)
    return _shown(products.get(world, product))


@router.post("/{product}/publish-page")
def publish_page(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("products", "publish"))], product: str
) -> Product:
    """Publish what a buyer must know: support end, how updates come, which data."""
    products.publish_page(world, actor, product)
    return _shown(products.get(world, product))


@router.post("/{product}/on-sale")
def put_on_sale(world: TheWorld, actor: Annotated[Actor, Depends(needs("products", "sell"))], product: str) -> Product:
    """Let the product be sold."""
    products.put_on_sale(world, actor, product)
    return _shown(products.get(world, product))


def _shown(one: products.Product) -> Product:
    return Product(
        id=one.id,
        name=one.name,
        models=list(one.models),
        stage=one.stage,
        version=one.version,
        digest=one.digest,
        pending=one.pending,
        declared_at=one.declared_at,
        approved_at=one.approved_at,
        page_published_at=one.page_published_at,
        published_until=one.published_until,
        on_sale_at=one.on_sale_at,
    )
