"""Turns are counted over everybody who shares the folder, and come back from whoever was killed."""

import asyncio
import subprocess
import sys

import pytest

from careful.entrypoints.gateway.https.turns import Turns

HOLDER = """
import asyncio, sys, time
from pathlib import Path
from careful.entrypoints.gateway.https.turns import Turns

async def hold():
    return [await Turns(Path(sys.argv[1]), 3).take() for _ in range(2)]

held = asyncio.run(hold())
print("up", flush=True)
time.sleep(60)
"""


async def taken(turns, seconds=0.2):
    async with asyncio.timeout(seconds):
        return await turns.take()


async def none_is_free(turns):
    with pytest.raises(TimeoutError):
        await taken(turns, 0.1)


def test_two_doors_of_one_machine_share_their_turns(tmp_path):
    async def story():
        one, other = Turns(tmp_path / "turns", 2), Turns(tmp_path / "turns", 2)
        first, second = await taken(one), await taken(other)
        await none_is_free(one)
        await none_is_free(other)
        second.close()
        third = await taken(one)
        await none_is_free(other)
        first.close()
        third.close()

    asyncio.run(story())


def test_first_come_is_first_served(tmp_path):
    async def story():
        turns, served = Turns(tmp_path / "turns", 1), []
        held = await taken(turns)

        async def come(name):
            turn = await turns.take()
            served.append(name)
            turn.close()

        coming = []
        for name in range(5):
            coming.append(asyncio.create_task(come(name)))
            await asyncio.sleep(0)
        held.close()
        await asyncio.gather(*coming)
        return served

    assert asyncio.run(story()) == [0, 1, 2, 3, 4]


def test_a_killed_process_gives_its_turns_back(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "turns")], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()

        async def story():
            turns = Turns(tmp_path / "turns", 3)
            mine = await taken(turns)
            await none_is_free(turns)
            holder.kill()
            holder.wait()
            return [mine, await taken(turns), await taken(turns)]

        assert len(asyncio.run(story())) == 3
