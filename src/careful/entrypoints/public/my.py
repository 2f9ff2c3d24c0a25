"""What is yours: owners see what is held about them and who opened it, take it along, correct and delete it, pass on.

No account and no script: a link by e-mail opens it. Each handler reaches a device through `workflows/ownership` alone,
which checks that it is the visitor's.
"""

from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from careful import customer_data, devices, owners, products
from careful.entrypoints.look import LookRenderer
from careful.entrypoints.public.visits import PLACE, Visit, Visits, text
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.workflows import ownership

_SHOWN = 80
_PATH = f"{PLACE}/devices/{{device}}"


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the routes of owners' pages."""
    visits = Visits(world)
    page, form = _My(world, look, visits), visits.form
    return [
        Route(PLACE, page.home),
        Route(f"{PLACE}/ask", form(page.ask), methods=["POST"]),
        Route(f"{PLACE}/claim", page.claim_form),
        Route(f"{PLACE}/claim", form(page.claim), methods=["POST"]),
        Route(f"{PLACE}/link/{{secret}}", page.link),
        Route(f"{PLACE}/link/{{secret}}", form(page.open), methods=["POST"]),
        Route(f"{PLACE}/end", form(page.end), methods=["POST"]),
        Route(_PATH, page.device),
        Route(f"{_PATH}/readings", page.readings),
        Route(f"{_PATH}/copy", form(page.copy), methods=["POST"]),
        Route(f"{_PATH}/correct", page.correct_form),
        Route(f"{_PATH}/correct", form(page.correct), methods=["POST"]),
        Route(f"{_PATH}/delete", page.confirm),
        Route(f"{_PATH}/delete", form(page.erase), methods=["POST"]),
        Route(f"{_PATH}/pass-on", page.confirm),
        Route(f"{_PATH}/pass-on", form(page.pass_on), methods=["POST"]),
        Route(f"{_PATH}/requests/{{request}}", page.request),
        Route(f"{_PATH}/requests/{{request}}/receipt.txt", page.receipt),
        Route(f"{_PATH}/requests/{{request}}/file", form(page.file), methods=["POST"]),
    ]


class _My:
    def __init__(self, world: World, look: LookRenderer, visits: Visits) -> None:
        self._world = world
        self._look = look
        self._visits = visits

    def home(self, request: Request) -> Response:
        """List what is theirs; ask strangers for their address."""
        visit = self._visits.begin(self._visits.of(request))
        if visit.session is None:
            return self._visits.keep(self._page(request, visit, "ask.html"), visit)
        known = [devices.get(self._world, one.device) for one in ownership.mine(self._world, visit.session)]
        return self._page(request, visit, "home.html", known=[(one, self._name(one)) for one in known])

    def ask(self, request: Request, visit: Visit, fields: FormData) -> Response:
        """Have a link mailed. The answer is the same whoever asks."""
        owners.ask_link(self._world, text(fields, "email"), visit.holder, visit.source)
        return self._page(request, visit, "sent.html", claimed="")

    def claim_form(self, request: Request) -> Response:
        """Ask for the code on the unit."""
        visit = self._visits.begin(self._visits.of(request))
        shown = "".join(filter(str.isprintable, request.query_params.get("device", "")[:_SHOWN]))
        page = self._page(request, visit, "claim.html", device=shown, known=visit.session is not None)
        return page if visit.session else self._visits.keep(page, visit)

    def claim(self, request: Request, visit: Visit, fields: FormData) -> Response:
        """Take the code: for a visitor with a session at once, else when the mailed link is opened."""
        device, code, source = text(fields, "device"), text(fields, "code"), visit.source
        if visit.session is not None:
            ownership.claim_more(self._world, visit.session, device, code, source)
            return RedirectResponse(f"{PLACE}/devices/{device}", 303)
        ownership.ask_claim(self._world, device, code, text(fields, "email"), visit.holder, source)
        return self._page(request, visit, "sent.html", claimed=device)

    def link(self, request: Request) -> Response:
        """Show a button: mail scanners follow links, and following one changes nothing."""
        return self._page(request, self._visits.of(request), "link.html", target=request.url.path)

    def open(self, request: Request, visit: Visit, _fields: FormData) -> Response:
        """Burn the link and begin the visit."""
        secret, device = ownership.come_in(self._world, request.path_params["secret"], visit.holder, visit.source)
        to = f"{PLACE}/devices/{device}" if device else PLACE
        return self._visits.enter(RedirectResponse(to, 303), secret)

    def end(self, _request: Request, visit: Visit, _fields: FormData) -> Response:
        """End the visit."""
        owners.end_visit(self._world, visit.owner())
        return self._visits.leave(RedirectResponse(PLACE, 303))

    def device(self, request: Request) -> Response:
        """Show what is held, who opened it, what was asked for, and what can be done."""
        visit, name = self._visits.of(request), request.path_params["device"]
        if visit.session is None:
            return RedirectResponse(PLACE, 303)
        known = ownership.theirs(self._world, visit.session, name)
        return self._page(
            request,
            visit,
            "device.html",
            device=known,
            name=self._name(known),
            held=ownership.held(self._world, visit.session, name),
            openings=ownership.openings(self._world, visit.session, name),
            emergencies=ownership.emergencies(self._world, visit.session, name),
            asked=ownership.requests(self._world, visit.session, name),
            contact=next((one.email for one in devices.owner_contacts(self._world, [name])), ""),
        )

    def readings(self, request: Request) -> Response:
        """Show the newest readings of one stream."""
        visit, name = self._visits.of(request), request.path_params["device"]
        if visit.session is None:
            return RedirectResponse(PLACE, 303)
        stream = request.query_params.get("stream", "")[:_SHOWN]
        found = ownership.readings(self._world, visit.session, name, stream)
        return self._page(request, visit, "readings.html", device=name, stream=stream, found=found)

    def copy(self, request: Request, visit: Visit, _fields: FormData) -> Response:
        """Make the file."""
        name = request.path_params["device"]
        return _to(name, ownership.take_copy(self._world, visit.owner(), name).id)

    def correct_form(self, request: Request) -> Response:
        """Ask what is right."""
        visit, name = self._visits.of(request), request.path_params["device"]
        if visit.session is None:
            return RedirectResponse(PLACE, 303)
        known = ownership.theirs(self._world, visit.session, name)
        given = {one: request.query_params.get(one, "")[:_SHOWN] for one in ("stream", "at", "field")}
        return self._page(request, visit, "correct.html", device=known.id, **given)

    def correct(self, request: Request, visit: Visit, fields: FormData) -> Response:
        """Write down what is right."""
        name, at = request.path_params["device"], _moment(text(fields, "at"))
        stream, field, value = text(fields, "stream"), text(fields, "field"), text(fields, "value")
        one = ownership.correct(self._world, visit.owner(), name, stream, at, field, value)
        return _to(name, one.id)

    def confirm(self, request: Request) -> Response:
        """Say what deleting, or passing on, means, before it is done."""
        visit, name = self._visits.of(request), request.path_params["device"]
        if visit.session is None:
            return RedirectResponse(PLACE, 303)
        known = ownership.theirs(self._world, visit.session, name)
        act = "pass-on" if request.url.path.endswith("/pass-on") else "delete"
        return self._page(request, visit, "confirm.html", device=known.id, act=act)

    def erase(self, request: Request, visit: Visit, _fields: FormData) -> Response:
        """Delete what is held."""
        name = request.path_params["device"]
        return _to(name, ownership.erase(self._world, visit.owner(), name).id)

    def pass_on(self, request: Request, visit: Visit, _fields: FormData) -> Response:
        """Pass the device on; show the receipt at once, as the page is theirs no more."""
        name = request.path_params["device"]
        made = ownership.pass_on(self._world, visit.owner(), name)
        note = customer_data.signed_receipt(self._world, made.id)
        return self._page(request, visit, "passed_on.html", device=name, note=note)

    def request(self, request: Request) -> Response:
        """Show one request with its receipt."""
        visit, name = self._visits.of(request), request.path_params["device"]
        if visit.session is None:
            return RedirectResponse(PLACE, 303)
        one = ownership.request_of(self._world, visit.session, name, request.path_params["request"])
        note = ownership.receipt(self._world, visit.session, name, one.id)
        return self._page(
            request, visit, "request.html", device=name, one=one, note=note, kinds=customer_data.REQUEST_KINDS
        )

    def receipt(self, request: Request) -> Response:
        """Hand out a receipt as text that one can keep and check."""
        visit, name = self._visits.of(request), request.path_params["device"]
        note = ownership.receipt(self._world, visit.owner(), name, request.path_params["request"])
        return PlainTextResponse(note, headers={"content-disposition": 'attachment; filename="receipt.txt"'})

    def file(self, request: Request, visit: Visit, _fields: FormData) -> Response:
        """Hand out the file; it is noted, so it is no plain link."""
        name, one = request.path_params["device"], request.path_params["request"]
        content = ownership.fetch(self._world, visit.owner(), name, one)
        headers = {"content-disposition": 'attachment; filename="my-data.zip"'}
        return Response(content, media_type="application/zip", headers=headers)

    def _name(self, known: devices.Device) -> str:
        return products.get(self._world, known.product).name

    def _page(self, request: Request, visit: Visit, template: str, **context: Any) -> Response:  # noqa: ANN401 (whatever the template asks for)
        return self._look.page(
            request, f"public/my/{template}", csrf=visit.csrf, visiting=visit.session is not None, **context
        )


def _to(device: str, one: str) -> Response:
    return RedirectResponse(f"{PLACE}/devices/{device}/requests/{one}", 303)


def _moment(said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise Invalid("That is no moment.", do="Use the link beside the reading.", where="at") from None
    if moment.tzinfo is None:
        raise Invalid("That moment names no time zone.", do="Use the link beside the reading.", where="at")
    return moment
