"""Decides what is told of the traffic with a peer: one line a message, without patient data or locks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from upsdesk.domain.elements import Elements
from upsdesk.domain.operation import Operation


@dataclass(frozen=True, slots=True)
class WireLog:
    """Hands each line to `sink`, from whichever thread the message passes through."""

    sink: Callable[[str], None]
    contents: Callable[[Elements], None] | None = None
    """Is given what an N-ACTION carries, patient data and lock included; for who asked to see messages."""

    def action_information(self, information: Elements) -> None:
        """The Action Information of the request that goes out next."""
        if self.contents is not None:
            self.contents(information)

    def association(self, address: str, what: str) -> None:
        """An association was opened, refused, released or aborted; `what` in words without values."""
        self.sink(f"{address} association {what}")

    def request(self, address: str, operation: Operation, context: str, uid: str | None) -> None:
        """A request goes out on the presentation context `context`."""
        self.sink(f"{address} > {_name(operation)} on {context}{_of(uid)}")

    def response(self, address: str, operation: Operation, status: int, uid: str | None, ms: float) -> None:
        """A final response came."""
        self.sink(f"{address} < {_name(operation)} {status:04X}{_of(uid)} after {ms:.0f} ms")

    def broken(self, address: str, operation: Operation, why: str, uid: str | None, ms: float) -> None:
        """No usable response came; `why` is the kind of failure."""
        self.sink(f"{address} ! {_name(operation)} {why}{_of(uid)} after {ms:.0f} ms")


def _name(operation: Operation) -> str:
    action = f" {operation.action_type}" if operation.action_type else ""
    return f"{operation.service.value}{action}"


def _of(uid: str | None) -> str:
    return f" {uid}" if uid else ""
