"""The operations of a UPS SCU: their service, their presentation context, and what came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.status import Outcome, Service


class Operation(Enum):
    """One verb each; the value is the command line's name of it."""

    ECHO = "echo"
    FIND = "find"
    GET = "get"
    CREATE = "create"
    SET = "set"
    CHANGE_STATE = "chstate"
    REQUEST_CANCEL = "reqcancel"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    SUSPEND = "suspend"

    @property
    def service(self) -> Service:
        return _SERVICES[self]

    @property
    def action_type(self) -> int | None:
        """Action Type ID of an N-ACTION (PS3.4 Table CC.2.1-1 and following), else None."""
        return _ACTION_TYPES.get(self)


_SERVICES = {
    Operation.ECHO: Service.C_ECHO,
    Operation.FIND: Service.C_FIND,
    Operation.GET: Service.N_GET,
    Operation.CREATE: Service.N_CREATE,
    Operation.SET: Service.N_SET,
    Operation.CHANGE_STATE: Service.N_ACTION,
    Operation.REQUEST_CANCEL: Service.N_ACTION,
    Operation.SUBSCRIBE: Service.N_ACTION,
    Operation.UNSUBSCRIBE: Service.N_ACTION,
    Operation.SUSPEND: Service.N_ACTION,
}
_ACTION_TYPES = {
    Operation.CHANGE_STATE: 1,
    Operation.REQUEST_CANCEL: 2,
    Operation.SUBSCRIBE: 3,
    Operation.UNSUBSCRIBE: 4,
    Operation.SUSPEND: 5,
}


DEFAULT_CANCEL_REASON = "No reason given."
"""Sent when the user gives none: dcm4chee-arc fails on a request without Action Information."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """What a request to cancel may tell the performer; all of it optional (PS3.4 Table CC.2.2-1)."""

    reason: str = ""
    code: Code | None = None
    contact_name: str = ""
    contact_uri: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The final response to one request. That none came is an exception (`errors.NoAnswer`)."""

    operation: Operation
    uid: SopInstanceUid | None
    status: int
    outcome: Outcome
    context: UpsClass | None
    """The presentation context that was used; None: Verification."""
    elapsed_ms: float
    error_comment: str = ""
    offending: tuple[int, ...] = ()
    """Tags from Offending Element (0000,0901) or Attribute Identifier List (0000,1005)."""
    elements: Elements | None = None
    """What the response carried: the attributes of an N-GET, what an N-CREATE stored."""
    data: bytes | None = field(default=None, repr=False)
    """The data set of an N-GET response as it came (without a leaked lock), in `transfer_syntax`, a UID."""
    transfer_syntax: str = ""
    leaked_lock: bool = False
    """The response carried a Transaction UID, which an SCP must never return; it was dropped."""
