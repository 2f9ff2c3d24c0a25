"""Conversations with the loop: `<<` what it must do next, `>>` what it is told."""

from careful_device import acts, loop


class Playbook:
    """The loop of a device, enrolled unless `certificate` says otherwise, at the time 1000 and with no spread."""

    def __init__(self, *, certificate=(0.0, 3_000_000.0), job=None, every=None, mqtt=False, updates=True):
        self.now = 1000.0
        self.state = loop.start(
            spread=0.5, certificate=certificate, job=job, every=every or {}, now=self.now, mqtt=mqtt, updates=updates
        )
        self.act = None

    def __lshift__(self, expected):
        """The next act must be `expected` (a type, or an act; for Do and Tell also the step)."""
        self.state, self.act = loop.decide(self.state, self.now)
        if isinstance(expected, tuple):
            kind, step = expected
            assert (type(self.act), getattr(getattr(self.act, "job", None), "step", None)) == (kind, step)
        elif isinstance(expected, type):
            assert isinstance(self.act, expected), self.act
        else:
            assert self.act == expected
        return self

    def __rshift__(self, what):
        """The act led to `what`."""
        self.state = loop.observe(self.state, self.act, what, self.now)
        self.act = None
        return self

    def later(self, seconds):
        """Time passes."""
        self.now += seconds
        return self

    def waits(self):
        """There is nothing to do; return for how long."""
        self << acts.Wait
        return self.act.until - self.now
