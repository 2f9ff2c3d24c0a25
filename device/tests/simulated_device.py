"""A device of the simulated maker: its configuration, and a hand on its switch and clock."""

import time
from dataclasses import replace
from pathlib import Path

from simulated_maker import Maker

from careful_device.agent import Agent
from careful_device.config import load

CONFIG = """
device = "cam-1-001"
product = "cam-1"
hardware = "rev-a"
token = "once-only"
est_url = "{url}/est"
ddi_url = "{url}/default/controller/v1"
tuf_url = "{url}/tuf/cam-1"
"""


class Device:
    """A device that can be switched on and off; its clock is moved by hand."""

    def __init__(self, home: Path, maker: Maker) -> None:
        self.home = home
        self.maker = maker
        self.ahead = 0.0
        self.agent: Agent | None = None

    def on(self, **parts: object) -> Agent:
        self.off()
        settings = load(self.home)
        settings = replace(settings, updates=replace(settings.updates, power_supply="power"))  # not this machine's
        self.agent = Agent(settings, clock=lambda: time.time() + self.ahead, **parts)
        return self.agent

    def off(self) -> None:
        if self.agent is not None:
            self.agent.close()
            self.agent = None

    def settle(self, steps: int = 200) -> None:
        """Step until nothing is due; pauses after failures are skipped by moving the clock."""
        agent = self.agent or self.on()
        for _ in range(steps):
            delay = agent.step()
            if delay:
                if agent.state.job is None and agent.state.certified and not agent.state.poll.failures:
                    return
                self.ahead += delay
        raise AssertionError(f"still busy: {agent.state}")

    def ask(self) -> None:
        """Let the next poll be due, and settle."""
        agent = self.agent or self.on()
        if agent.state.certified:
            self.ahead += 60.0
        self.settle()
