"""Gateway tokens: one secret with which something in front of devices polls for any of them (hawkBit DDI).

It speaks for the devices of one product, or of all, and may bring in devices that nobody has made: so many, of one
product and hardware. Whoever holds it is every one of these devices towards updates, and nothing else: it opens no
MQTT and issues no certificate. It is shown once, kept as a digest, and ends within a second of being revoked.
"""

import hmac
import secrets

from careful import products
from careful.devices import gateway_tokens_store, queries, store
from careful.devices.events import DeviceRegistered, GatewayTokenMade, GatewayTokenRevoked
from careful.devices.identity import admit
from careful.devices.model import DEVICE_ID, GatewayToken, Identity
from careful.devices.tokens import new_device, token_digest
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Unauthenticated
from careful.kernel.ids import new_id
from careful.kernel.work import World

MOST_ROOM = 20_000
_NAME = 64


def make_gateway_token(
    world: World, actor: Actor, name: str, *, product: str = "", hardware: str = "", room: int = 0
) -> tuple[GatewayToken, str]:
    """Make a token for the devices of `product` ("" is all) and return it with its text, the only time.

    With `room`, so many devices that nobody has made become known at their first poll, as `hardware` of `product`.
    Raises NotFound for a product that was never declared, Invalid.
    """
    called = " ".join(name.split())
    if not 0 < len(called) <= _NAME or not called.isprintable():
        raise Invalid(f"A name of 1 to {_NAME} characters is needed.", do="Say where it will be kept.", where="name")
    if not 0 <= room <= MOST_ROOM:
        raise Invalid(f"A token may bring in 0 to {MOST_ROOM} devices.", where="room")
    if bool(room) != bool(hardware) or (room and not product):
        raise Invalid("To bring in devices, a token needs product, hardware and how many.", where="room")
    if hardware and not DEVICE_ID.fullmatch(hardware):
        raise Invalid(f"{hardware[:64]!r} is no hardware revision.", do="Name one, such as rev-a.", where="hardware")
    if product:
        products.get(world, product)
    text = secrets.token_urlsafe(32)
    with world.change(actor) as work:
        made = GatewayToken(
            id=new_id(), name=called, product=product, hardware=hardware, room=room, made_at=work.now, revoked_at=None
        )
        row = {one: getattr(made, one) for one in GatewayToken.__slots__}
        gateway_tokens_store.add(work.connection, {**row, "sha256": token_digest(text)})
        work.record(GatewayTokenMade(gateway_token=made.id, product=product, hardware=hardware, room=room))
    return made, text


def gateway_tokens(world: World) -> list[GatewayToken]:
    """Return all tokens, oldest first; their text is not kept."""
    with world.look() as connection:
        return gateway_tokens_store.every(connection)


def revoke_gateway_token(world: World, actor: Actor, token: str) -> None:
    """End a token by its id. Raises NotFound where there is none in force."""
    with world.change(actor) as work:
        if not gateway_tokens_store.end(work.connection, token, work.now):
            raise NotFound(f"No gateway token {token!r} is in force.", do="See: careful device gateway-token list")
        store.add_cut(work.connection, "", work.now)  # who still remembers it forgets it
        work.record(GatewayTokenRevoked(gateway_token=token))


def identify_by_gateway_token(world: World, device: str, text: str) -> Identity:
    """Return the device that somebody polls for with a gateway token.

    Raises Unauthenticated where the token is not in force or not for this device, Forbidden where the device may not
    connect.
    """
    digest = token_digest(text)
    with world.look() as connection:
        found = gateway_tokens_store.find(connection, digest)
        known = queries.by_target_token(connection, device)
    if found is None or not hmac.compare_digest(found[1], digest):
        raise Unauthenticated(
            "This gateway token is not in force.",
            do="Send Authorization: GatewayToken …, as made by: careful device gateway-token make",
        )
    token = found[0]
    if known is None and token.room:
        _register(world, token, device)
        with world.look() as connection:
            known = queries.by_target_token(connection, device)
    if known is None or (token.product and known[0].product != token.product):
        raise Unauthenticated(
            f"There is no device {device[:64]!r} that this gateway token is for.",
            do=f"Make it: careful device token --id {device[:64]} …",
        )
    return admit(world, known[0])


def _register(world: World, token: GatewayToken, device: str) -> None:
    if not DEVICE_ID.fullmatch(device):
        raise Invalid(f"{device[:64]!r} is no device id.", do="Use 1 to 64 of A-Z a-z 0-9 _ -.", where="device")
    with world.change(Actor("device", device)) as work:
        if store.lock_device(work.connection, device) is not None:
            return  # somebody else made it just now
        if not gateway_tokens_store.take_room(work.connection, token.id):
            raise Unauthenticated("This gateway token has brought in all the devices that it may.")
        store.add_devices(work.connection, [new_device(device, token.product, token.hardware, work.now)])
        work.record(
            DeviceRegistered(device=device, product=token.product, hardware=token.hardware, gateway_token=token.id)
        )
