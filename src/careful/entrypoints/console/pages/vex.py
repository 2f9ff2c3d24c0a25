"""VEX: what suppliers say of flaws taken in with a line for every statement; what was decided given out as a file."""

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import products, vulnerabilities
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.work import World

_SHOWN = 1000


def routes(world: World) -> list[Route]:
    """Return the form that takes a document, its report, and the files that go out."""
    page = _Vex(world, templates(world))
    return [
        Route("/vulnerabilities/import", page.form, methods=["GET"]),
        Route("/vulnerabilities/import", page.take_over, methods=["POST"]),
        Route("/vulnerabilities/export/{product}/{form}", page.export, methods=["GET"]),
    ]


class _Vex:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def form(self, request: Request) -> Response:
        """Show the form."""
        sessions.require(request, "cases", "judge")
        return self._show(request, None, request.query_params.get("product", "")[:64])

    def take_over(self, request: Request) -> Response:
        """Take a document over, or only say what would be, and report on every statement."""
        actor = sessions.require(request, "cases", "judge")
        product = products.get(self._world, forms.field(request, "product")).id
        file = request.state.form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Invalid("No file was sent.", do="Choose a VEX document.", where="file")
        dry = forms.field(request, "dry_run") == "yes"
        content = file.file.read()
        lines = vulnerabilities.import_vex(self._world, actor, product, content, dry_run=dry)
        return self._show(request, lines, product, file.filename[:128], dry=dry)

    def export(self, request: Request) -> Response:
        """Give out what was decided about a product's flaws."""
        sessions.require(request, "cases", "read")
        known = {one: one for one in vulnerabilities.EXPORT_FORMS}
        form = known.get(request.path_params["form"])
        if form is None:
            raise NotFound("There is no such form.", do=f"One of: {', '.join(known)}")
        made = vulnerabilities.export(self._world, request.path_params["product"], form)
        headers = {"content-disposition": f'attachment; filename="{made.filename}"'}
        return Response(made.text, media_type=made.media_type, headers=headers)

    def _show(
        self,
        request: Request,
        lines: list[vulnerabilities.Line] | None,
        product: str,
        name: str = "",
        *,
        dry: bool = False,
    ) -> Response:
        order = ("refused", "unmatched", "applied")
        listed = sorted(lines or [], key=lambda one: order.index(one.outcome))
        return self._look.page(
            request,
            "console/import.html",
            ledger_size=ledger_size(self._world),
            products=[(one.id, one.name) for one in products.list_all(self._world)],
            product=product,
            lines=listed[:_SHOWN],
            total=None if lines is None else len(lines),
            counts=[(one, sum(line.outcome == one for line in listed)) for one in reversed(order)],
            name=name,
            dry=dry,
        )
