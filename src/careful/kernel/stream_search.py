"""Looking for bytes in a NATS cluster: in every message that is still in any of our account's streams."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nats.js.errors import NotFoundError

from careful.kernel.jetstream import FAILURES, Link, unavailable
from careful.kernel.settings import Settings

SEARCH_SECONDS = 60.0
_MORE_SECONDS = 30.0
_ANY = ">"


@dataclass(slots=True)
class Streams:
    """What was found: stream -> which needles; how many messages were looked into, and in what not all were."""

    found: dict[str, set[str]] = field(default_factory=dict)
    messages: int = 0
    cut_short: list[str] = field(default_factory=list)


def search_streams(settings: Settings, needles: Mapping[str, bytes]) -> Streams:
    """Look into every message of every stream. Raises Unavailable where the cluster does not answer."""
    link = Link(settings, "search")
    try:
        return link.call(_search(link, needles), SEARCH_SECONDS + _MORE_SECONDS)
    finally:
        link.close()


async def _search(link: Link, needles: Mapping[str, bytes]) -> Streams:
    result, until = Streams(), link.loop.time() + SEARCH_SECONDS
    try:
        infos = await link.stream.streams_info()
        for info in infos:
            name = str(info.config.name)
            held = result.found.setdefault(name, set())
            place, last = info.state.first_seq, info.state.last_seq
            while info.state.messages and place <= last:
                if link.loop.time() > until:
                    result.cut_short.append(name)
                    break
                try:
                    one = await link.stream.get_msg(name, place, _ANY, next=True)
                except NotFoundError:  # all that is left was purged meanwhile
                    break
                said = one.data or b""
                held |= {what for what, needle in needles.items() if needle in said}
                result.messages += 1
                place = (one.seq or place) + 1
    except FAILURES as failure:
        raise unavailable(failure) from failure
    return result
