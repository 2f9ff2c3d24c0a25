"""Wills that wait: said when their time comes, taken back by who returns."""

import asyncio

from careful.entrypoints.gateway.mqtt.wills import Wills


def run(story):
    said = []

    async def main():
        await story(Wills(asyncio.get_running_loop()), said)

    asyncio.run(main())
    return said


def test_a_will_is_said_when_its_time_comes():
    async def story(wills, said):
        wills.later("a", 0.01, lambda: said.append("a"))
        wills.later("b", 60, lambda: said.append("b"))
        await asyncio.sleep(0.05)
        wills.back("a", clean=False)

    assert run(story) == ["a"]


def test_who_is_back_takes_it_back_and_who_begins_anew_has_gone_before():
    async def story(wills, said):
        wills.later("a", 0.01, lambda: said.append("a"))
        wills.later("b", 60, lambda: said.append("b"))
        wills.back("a", clean=False)
        wills.back("b", clean=True)
        wills.back("c", clean=True)
        await asyncio.sleep(0.05)

    assert run(story) == ["b"]


def test_at_the_end_all_is_said():
    async def story(wills, said):
        wills.later("a", 60, lambda: said.append("a"))
        wills.later("b", 60, lambda: said.append("b"))
        wills.say_all()
        wills.say_all()

    assert run(story) == ["a", "b"]
