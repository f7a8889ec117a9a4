"""Decides on which presentation context an operation goes and which UIDs it carries (PS3.4 CC.2)."""

from __future__ import annotations

from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import UpsClass

CLASS_UIDS: dict[UpsClass, str] = {
    UpsClass.PUSH: "1.2.840.10008.5.1.4.34.6.1",
    UpsClass.WATCH: "1.2.840.10008.5.1.4.34.6.2",
    UpsClass.PULL: "1.2.840.10008.5.1.4.34.6.3",
    UpsClass.EVENT: "1.2.840.10008.5.1.4.34.6.4",
    UpsClass.QUERY: "1.2.840.10008.5.1.4.34.6.5",
}
PUSH_UID = CLASS_UIDS[UpsClass.PUSH]
"""The SOP Class of every UPS instance, hence of every DIMSE-N message about one (PS3.4 CC.3.1.1)."""
VERIFICATION_UID = "1.2.840.10008.1.1"

GLOBAL_SUBSCRIPTION = SopInstanceUid("1.2.840.10008.5.1.4.34.5")
FILTERED_GLOBAL_SUBSCRIPTION = SopInstanceUid("1.2.840.10008.5.1.4.34.5.1")

RETIRED_TRIAL_UIDS = frozenset(f"1.2.840.10008.5.1.4.34.4{suffix}" for suffix in ("", ".1", ".2", ".3", ".4"))
"""The Trial versions of the UPS classes (Supplement 74); never offered, but some old systems propose them."""

OPERATION_CLASSES: dict[Operation, tuple[UpsClass, ...]] = {
    Operation.ECHO: (),
    Operation.FIND: (UpsClass.PULL, UpsClass.QUERY, UpsClass.WATCH),
    Operation.GET: (UpsClass.PULL, UpsClass.WATCH, UpsClass.PUSH),
    Operation.CREATE: (UpsClass.PUSH,),
    Operation.SET: (UpsClass.PULL,),
    Operation.CHANGE_STATE: (UpsClass.PULL,),
    Operation.REQUEST_CANCEL: (UpsClass.PUSH, UpsClass.WATCH),
    Operation.SUBSCRIBE: (UpsClass.WATCH,),
    Operation.UNSUBSCRIBE: (UpsClass.WATCH,),
    Operation.SUSPEND: (UpsClass.WATCH,),
}
"""The classes that offer each operation, the preferred one first; empty: Verification (PS3.4 CC.2)."""

PROPOSED = (UpsClass.PULL, UpsClass.PUSH, UpsClass.WATCH, UpsClass.QUERY)
"""What an association of the SCU proposes beside Verification; Event belongs to the listener."""

TRANSFER_SYNTAXES: dict[str, str] = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
}
"""The transfer syntaxes by the short names that profiles and the command line use."""
DEFAULT_TRANSFER_SYNTAXES = ("implicit", "explicit")


def class_of(uid: str) -> UpsClass | None:
    """The UPS class with this SOP Class UID, or None for any other UID."""
    return _CLASS_OF_UID.get(uid.strip(" \0"))


_CLASS_OF_UID = {uid: ups_class for ups_class, uid in CLASS_UIDS.items()}


def transfer_syntax_uids(names: tuple[str, ...]) -> tuple[str, ...]:
    """UIDs for short names; none means the default two. Raise ValueError for a name that is not known."""
    unknown = [name for name in names if name not in TRANSFER_SYNTAXES]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no transfer syntax: write {', '.join(TRANSFER_SYNTAXES)}")
    return tuple(TRANSFER_SYNTAXES[name] for name in names or DEFAULT_TRANSFER_SYNTAXES)


def transfer_syntax_name(uid: str) -> str:
    """The short name of a transfer syntax; its UID when it has none."""
    return next((name for name, known in TRANSFER_SYNTAXES.items() if known == uid), uid)
