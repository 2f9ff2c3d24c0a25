"""Devices: the fleet as a list that is filtered in its address, and each device with its life so far.

A device's page says who it is, what it runs, what it was refused and what happened to it. Its owner's address is never
shown: only whether somebody can be told.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, products, updates
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.pages import device_consents, device_data, device_wishes
from careful.entrypoints.console.pages.common import Line, ledger_size, line
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.renderer import query
from careful.entrypoints.look.sorting import Column, heads
from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound
from careful.kernel.ledger import Entry
from careful.kernel.work import World
from careful.workflows.device_story import story

_PAGE = 50
NO_VERSION = "-"
"""In the address: devices that have not said yet what they run."""

Act = Callable[[World, Actor, str, str], None]
ACTS: dict[str, tuple[str, str, tuple[devices.State, ...], Act]] = {
    "quarantine": (
        "Quarantine",
        "It is refused everywhere at once, until you restore it.",
        ("made", "enrolled", "active"),
        devices.quarantine,
    ),
    "restore": ("Restore", "It may speak again, as before.", ("quarantined",), devices.restore),
    "revoke": (
        "Revoke its certificates",
        "They end for good; the device needs a new enrolment token to come back.",
        ("made", "enrolled", "active", "quarantined"),
        devices.revoke,
    ),
    "retire": (
        "Retire",
        "Its life ends for good; nothing brings it back.",
        ("made", "enrolled", "active", "quarantined"),
        devices.retire,
    ),
}
"""Verb -> its button, what it means, the states that allow it, and the act."""


def routes(world: World) -> list[Route]:
    """Return the list, a device's page, and what can be done there."""
    page = _Devices(world, templates(world))
    return [
        Route("/devices", page.show_list, methods=["GET"]),
        Route("/devices/{device}", page.show, methods=["GET"]),
        Route("/devices/{device}/quarantine", page.quarantine, methods=["POST"]),
        Route("/devices/{device}/restore", page.restore, methods=["POST"]),
        Route("/devices/{device}/revoke", page.revoke, methods=["POST"]),
        Route("/devices/{device}/retire", page.retire, methods=["POST"]),
    ]


_SORTS: dict[str, devices.SortBy] = {"id": "id", "seen": "last_seen", "ends": "certificate_until"}
_COLUMNS: tuple[Column[devices.Device], ...] = (
    Column("Device", "id"),
    Column("State"),
    Column("Product"),
    Column("Runs"),
    Column("Last seen", "seen"),
    Column("Certificate ends", "ends"),
)


class _Devices:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show devices by id, filtered by product, version and state, a page at a time."""
        sessions.require(request, "devices", "read")
        asked = {
            name: request.query_params.get(name, "")[:200] for name in ("product", "version", "state", "sort", "after")
        }
        state = next((one for one in get_args(devices.State) if one == asked["state"]), None)
        asked["state"] = state or ""
        version = "" if asked["version"] == NO_VERSION else asked["version"] or None
        found = devices.list_devices(
            self._world,
            product=asked["product"] or None,
            version=version,
            state=state,
            after=asked["after"] or None,
            limit=_PAGE + 1,
            by=_SORTS.get(asked["sort"].removeprefix("-"), "id"),
            down=asked["sort"].startswith("-"),
        )
        shown, more = found[:_PAGE], len(found) > _PAGE
        filters = {name: asked[name] for name in ("product", "version", "state", "sort")}
        fleet = devices.fleet_summary(self._world)
        known = products.list_all(self._world)
        counted = [asked["product"]] if asked["product"] else [one.id for one in known]
        versions = {said for one in counted for said in devices.count_by_version(self._world, one) if said}
        return self._look.page(
            request,
            "console/devices.html",
            ledger_size=ledger_size(self._world),
            devices=shown,
            asked=asked,
            heads=heads(_COLUMNS, "/devices", filters),
            filtered=any(asked[name] for name in ("product", "version", "state")),
            total=_total(fleet, asked) if version is None else None,
            fleet=fleet,
            states={one: _total(fleet, {"product": asked["product"], "state": one}) for one in devices.STATES},
            products=[(one.id, one.name) for one in known],
            versions=[*((one, one) for one in sorted(versions)), (NO_VERSION, "none said yet")],
            next_href=query("/devices", **filters, after=shown[-1].id) if more else "",
            first_href=query("/devices", **filters) if asked["after"] else "",
            refusals=devices.refusals(self._world)[:10],
        )

    def show(self, request: Request) -> Response:
        """Show one device."""
        sessions.require(request, "devices", "read")
        one = devices.get(self._world, request.path_params["device"])
        signed = sessions.signed(request)
        order = updates.order_for(self._world, one.id)
        may = [(verb, *ACTS[verb][:2]) for verb in ACTS if one.state in ACTS[verb][2] and signed.may("devices", verb)]
        return self._look.page(
            request,
            "console/device.html",
            ledger_size=ledger_size(self._world),
            device=one,
            product_name=_name(self._world, one.product),
            certificates=devices.certificates_of(self._world, one.id),
            refusals=devices.refusals(self._world, one.id),
            traits=devices.traits(self._world, one.id),
            attributes=updates.attributes(self._world, one.id),
            order=order,
            signed=updates.signed_version(self._world, one.id),
            **device_wishes.shown(self._world, one, order, may=signed.may("devices", "own")),
            **device_consents.shown(self._world, one, may=signed.may("data", "consent")),
            **device_data.shown(
                self._world, one, may_open=signed.may("data", "open"), may_end=signed.may("data", "end")
            ),
            lines=[_line(each) for each in story(self._world, one.id)],
            acts=may,
        )

    def quarantine(self, request: Request) -> Response:
        """Cut a device off."""
        actor = sessions.require(request, "devices", "quarantine")
        return self._act(request, actor, devices.quarantine)

    def restore(self, request: Request) -> Response:
        """Let a quarantined device speak again."""
        actor = sessions.require(request, "devices", "restore")
        return self._act(request, actor, devices.restore)

    def revoke(self, request: Request) -> Response:
        """End a device's certificates."""
        actor = sessions.require(request, "devices", "revoke")
        return self._act(request, actor, devices.revoke)

    def retire(self, request: Request) -> Response:
        """End a device's life."""
        actor = sessions.require(request, "devices", "retire")
        return self._act(request, actor, devices.retire)

    def _act(self, request: Request, actor: Actor, act: Act) -> Response:
        device = devices.get(self._world, request.path_params["device"]).id
        act(self._world, actor, device, field(request, "reason"))
        return RedirectResponse(f"/devices/{device}", 303)


def _line(one: Entry | updates.Order) -> Line:
    """Return a part of a device's story; it leads to the rollout that it belongs to, not to the page it stands on."""
    if isinstance(one, Entry):
        rollout = one.data.get("rollout")
        return replace(line(one), href=f"/rollouts/{rollout}" if rollout else "")
    fetched = "it fetched it" if one.retrieved_at else "it has not fetched it" if one.is_open else "it never fetched it"
    return Line(
        None,
        one.made_at,
        "system:careful",
        f"{one.version} was offered; {fetched}.",
        f"/rollouts/{one.rollout}",
        weighty=False,
    )


def _total(fleet: devices.Fleet, asked: dict[str, str]) -> int:
    return sum(
        number
        for product, states in fleet.by_product.items()
        for state, number in states.items()
        if asked["product"] in ("", product) and asked["state"] in ("", state)
    )


def _name(world: World, product: str) -> str:
    try:
        return products.get(world, product).name
    except NotFound:
        return product
