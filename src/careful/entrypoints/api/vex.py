"""What suppliers say of flaws, taken in (OpenVEX, CSAF, CycloneDX VEX); what was decided, given out, also as CSV."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Response, UploadFile

from careful import products, vulnerabilities
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import only
from careful.entrypoints.api.uploads import on_disk
from careful.kernel.actors import Actor

router = APIRouter(prefix="/vex", tags=["vex"], route_class=TokenFirst)


@router.get("/{product}", response_class=Response)
def export(
    world: TheWorld,
    _: Annotated[Actor, Depends(needs("cases", "read"))],
    product: str,
    form: vulnerabilities.ExportForm = "openvex",
) -> Response:
    """Return what was decided about every flaw of a product, release by release."""
    made = vulnerabilities.export(world, product, form)
    named = {"content-disposition": f'attachment; filename="{made.filename}"'}
    return Response(made.text, media_type=made.media_type, headers=named)


@router.post("/{product}", dependencies=[Depends(only("statements", "dry_run"))])
def take_over(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("cases", "judge"))],
    product: str,
    *,
    statements: Annotated[
        UploadFile, File(description="OpenVEX, CSAF 2.0 or CycloneDX VEX, as JSON; CycloneDX also as XML.")
    ],
    dry_run: Annotated[bool, Form(description="Say what would be taken over; change nothing.")] = False,
) -> list[vulnerabilities.Line]:
    """Take over what a document says of a product's cases: a line for every statement, in its order.

    No person's decision is replaced, and no exploited flaw is waved through. It is one transaction.
    """
    name = products.get(world, product).id
    with on_disk(world, statements, vulnerabilities.MOST_VEX_BYTES) as path:
        return vulnerabilities.import_vex(world, actor, name, path.read_bytes(), dry_run=dry_run)
