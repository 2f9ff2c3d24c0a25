"""What can go wrong, in three families: ours, the wire's, and the maker's side saying no."""


class AgentError(Exception):
    """Something a person must mend. `what` is one sentence; `do` names the next act."""

    def __init__(self, what: str, *, do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.do = do

    def __str__(self) -> str:
        """Return the sentence and what to do about it."""
        return f"{self.what} {self.do}".strip()


class WireError(AgentError):
    """The server could not be reached or the connection broke. Trying again later may help."""


class AnswerError(AgentError):
    """The server answered, but not with what was asked for. `status` is its HTTP status."""

    def __init__(self, what: str, *, status: int, do: str = "") -> None:
        super().__init__(what, do=do)
        self.status = status


class SlotError(AgentError):
    """The slot driver could not do its part. The software in use is untouched."""


class Refusal(Exception):
    """The device will not install this. `kind` is one of `trust.KINDS`, `reason` one sentence."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason
