"""Products: declare by sending product.yaml, approve, publish the page, put on sale."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, Field

from careful import products
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor
from careful.kernel.errors import TooLarge
from careful.workflows import end_of_support

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


@router.get("/past-support")
def past_support(world: TheWorld, _: _Read) -> list[end_of_support.PastSupport]:
    """Count the devices whose support has ended, and those that still come online."""
    return end_of_support.past_support(world)


@router.get("/{product}")
def get(world: TheWorld, _: _Read, product: str) -> Product:
    """Return one product."""
    return _shown(products.get(world, product))


class End(Asked):
    """The end of support: the last release, and what an owner should know of the time after."""

    last_version: str = Field(max_length=64)
    keeps_working: str = Field(min_length=1, max_length=2000)
    stops_working: str = Field(min_length=1, max_length=2000)


class EndStep(BaseModel):
    """One step on the way to the end of support."""

    step: str
    state: str
    says: str
    at: datetime | None


@router.get("/{product}/end")
def end_steps(world: TheWorld, _: _Read, product: str) -> list[EndStep]:
    """Return how far the end of support has come."""
    steps = end_of_support.progress(world, product)
    return [EndStep(step=title, state=one.state, says=one.says, at=one.at) for title, one in steps]


@router.post("/{product}/end")
def end(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("products", "publish"))], product: str, said: End
) -> list[EndStep]:
    """Announce the end of support; again changes the words."""
    end_of_support.announce(world, actor, product, said.last_version, said.keeps_working, said.stops_working)
    return end_steps(world, actor, product)


@router.get("/{product}/end/vex", response_class=Response)
def last_vex(world: TheWorld, _: _Read, product: str) -> Response:
    """Return the last VEX document, kept on the day after support ended."""
    return Response(products.last_vex(world, product), media_type="application/json")


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
