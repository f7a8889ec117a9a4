"""Why no usable answer came from a peer: one type per cause, each with its own next step elsewhere."""

from __future__ import annotations

from upsdesk.domain.peer import UpsClass


class NoAnswer(Exception):
    """Base: no usable answer. `sent` tells whether the request may have reached the peer."""

    sent: bool = False

    def __init__(self, detail: str = "", *, sent: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.sent = sent


class Unreachable(NoAnswer):
    """No TCP connection: refused, no route, unknown host, or the connect timeout passed."""


class Rejected(NoAnswer):
    """A-ASSOCIATE-RJ (PS3.8 9.3.4): result, source and reason as numbers, and in words."""

    def __init__(self, result: int, source: int, reason: int, detail: str) -> None:
        super().__init__(detail)
        self.result = result
        self.source = source
        self.reason = reason

    @property
    def called_title_unknown(self) -> bool:
        return (self.source, self.reason) == (1, 7)

    @property
    def calling_title_unknown(self) -> bool:
        return (self.source, self.reason) == (1, 3)


class ContextRefused(NoAnswer):
    """The association stands but the presentation context that the operation needs was not accepted."""

    def __init__(
        self, needed: tuple[UpsClass, ...] | None, accepted: tuple[UpsClass, ...], detail: str
    ) -> None:
        super().__init__(detail)
        self.needed = needed
        """None: Verification."""
        self.accepted = accepted


class Aborted(NoAnswer):
    """The peer aborted or closed the association."""


class TimedOut(NoAnswer):
    """The peer kept the connection open and did not answer in time."""


class UnexpectedResponse(NoAnswer):
    """Something came that is no valid answer to what was asked."""


class Interrupted(NoAnswer):
    """This side gave the request up: the user stopped it, or the program is closing."""
