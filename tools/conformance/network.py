"""What the associations of the three application entities offer, accept and allow for."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from collections.abc import Collection, Mapping
from typing import Any

from tools.conformance.page import Part, listed, table
from upsdesk import __version__
from upsdesk.cli.parser import Parser
from upsdesk.dicom import event_listener
from upsdesk.dicom.contexts import (
    CLASS_UIDS,
    OPERATION_CLASSES,
    RETIRED_TRIAL_UIDS,
    VERIFICATION_UID,
    class_of,
)
from upsdesk.dicom.negotiation import proposed_contexts
from upsdesk.dicom.upper_layer.associate import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION
from upsdesk.dicom.upper_layer.requestor import Patience
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import DEFAULT_CALLING_AET, DEFAULT_PORT, LOOPBACK, Peer, Timeouts, UpsClass
from upsdesk.scp import event_sender
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.server import Limits, UpsScp

SYNTAX_NAMES = {
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
    "1.2.840.10008.1.2.1.99": "Deflated Explicit VR Little Endian",
    "1.2.840.10008.1.2.2": "Explicit VR Big Endian (retired)",
}
OPERATION_NAMES = {
    Operation.ECHO: "C-ECHO",
    Operation.FIND: "C-FIND",
    Operation.GET: "N-GET",
    Operation.CREATE: "N-CREATE",
    Operation.SET: "N-SET",
    Operation.CHANGE_STATE: "N-ACTION 1, Change UPS State",
    Operation.REQUEST_CANCEL: "N-ACTION 2, Request UPS Cancel",
    Operation.SUBSCRIBE: "N-ACTION 3, Subscribe",
    Operation.UNSUBSCRIBE: "N-ACTION 4, Unsubscribe",
    Operation.SUSPEND: "N-ACTION 5, Suspend Global Subscription",
}
PEER = Peer(PeerId("any"), AeTitle("ANY"), LOOPBACK)
"""A peer of which nothing but its address was configured."""


def acceptance() -> dict[str, tuple[str, ...]]:
    """What the SCP accepts: transfer syntaxes by abstract syntax, both as UIDs, the preferred ones first."""
    scp = UpsScp(AeTitle("ANY"))
    try:
        return {uid: offer.transfer_syntaxes for uid, offer in scp.acceptance().offers.items()}
    finally:
        scp.stop()


def proposals() -> dict[str, tuple[str, ...]]:
    """What the SCU proposes unless a server is configured otherwise, in its order."""
    return {one.abstract_syntax: one.transfer_syntaxes for one in proposed_contexts(PEER)}


def extended_classes() -> tuple[str, ...]:
    """The SOP Classes of which the SCP answers SOP Class Extended Negotiation."""
    scp = UpsScp(AeTitle("ANY"))
    try:
        return tuple(uid for uid, offer in scp.acceptance().offers.items() if offer.extend is not None)
    finally:
        scp.stop()


def class_name(uid: str) -> str:
    if uid == VERIFICATION_UID:
        return "Verification"
    found = class_of(uid)
    return f"UPS {found.value}" if found is not None else uid


def _syntaxes(uids: tuple[str, ...]) -> str:
    return ", ".join(SYNTAX_NAMES[uid] for uid in uids)


def _contexts(
    offered: Mapping[str, tuple[str, ...]], role: str, extended: Collection[str] = (), verified_as: str = ""
) -> str:
    """`role` on the UPS classes, `verified_as` the one on Verification where it is another."""
    return table(
        ("Abstract syntax", "UID", "Role", "Extended negotiation", "Transfer syntaxes"),
        (
            (
                class_name(uid),
                uid,
                verified_as if verified_as and uid == VERIFICATION_UID else role,
                "fuzzy matching, time zones" if uid in extended else "none",
                ", ".join(SYNTAX_NAMES[one] for one in syntaxes),
            )
            for uid, syntaxes in offered.items()
        ),
    )


def _syntax_table() -> str:
    accepted = acceptance()[VERIFICATION_UID]
    proposed = proposals()[VERIFICATION_UID]
    return table(
        ("Transfer syntax", "UID", "SCU", "Event SCU", "SCP", "SCP's reports"),
        (
            (
                name,
                uid,
                _place(proposed, uid) if uid in proposed else "by option",
                _place(event_listener.SYNTAXES, uid),
                _place(accepted, uid),
                _place(event_sender.SYNTAXES, uid),
            )
            for uid, name in SYNTAX_NAMES.items()
        ),
    )


def _place(order: tuple[str, ...], uid: str) -> str:
    """Which one it is of those that are proposed or preferred."""
    return str(order.index(uid) + 1) if uid in order else "no"


def _overview() -> str:
    used, given = proposals(), acceptance()
    uids = [VERIFICATION_UID, *CLASS_UIDS.values()]
    event = CLASS_UIDS[UpsClass.EVENT]
    rows = []
    for uid in uids:
        scu = "yes" if uid in used or uid == event else "no"
        scp = "yes" if uid in given or uid == event else "no"
        rows.append((class_name(uid), uid, scu, scp))
    return table(("SOP Class", "UID", "User of the service (SCU)", "Provider of the service (SCP)"), rows)


def _operations() -> str:
    classes = (UpsClass.PUSH, UpsClass.PULL, UpsClass.WATCH, UpsClass.QUERY)
    return table(
        ("Message", *(f"UPS {one.value}" for one in classes), "Sent by the SCU on"),
        (
            (
                OPERATION_NAMES[operation],
                *("yes" if one in offered else "no" for one in classes),
                _preferred(offered),
            )
            for operation, offered in OPERATION_CLASSES.items()
            if operation is not Operation.ECHO
        ),
    )


def _preferred(offered: tuple[UpsClass, ...]) -> str:
    first, *others = (one.value for one in offered)
    return first if not others else f"{first}, else {' or '.join(others)}"


@dataclasses.dataclass(frozen=True)
class _Field:
    """How a field of a dataclass is told."""

    words: str
    unit: str = "s"
    option: str = ""


LIMITS: dict[str, _Field] = {
    "connections": _Field(
        "Connections at the same time, those without an association included", "", "--max-connections"
    ),
    "associate": _Field("A connection must have sent its A-ASSOCIATE-RQ within"),
    "dimse": _Field(
        "The rest of a PDU, the next PDU of a message, and the taking in of a response, each within"
    ),
    "network": _Field("An association without any message is aborted after"),
    "pdu": _Field(
        "Maximum Length Received that is announced; a longer P-DATA-TF is answered with A-ABORT", "bytes"
    ),
    "message": _Field("Longest data set; a longer one is answered with A-ABORT", "bytes"),
    "memory": _Field("Long messages that are coming in, of all associations together", "bytes"),
    "farewell": _Field("At the end of the program the last reports get"),
    "answer_after": _Field("A request is not answered before, as some requestors lose an earlier answer"),
}
DELIVERY: dict[str, _Field] = {
    "queue": _Field(
        "Reports that wait for one Receiving AE at most; beyond it the oldest is dropped", "", "--queue"
    ),
    "idle_release": _Field("An association without further reports is released after"),
    "retries": _Field("Pauses before the attempts that follow a failure; the last one repeats"),
    "give_up": _Field("Reports that waited while nothing arrived are given up after"),
    "attempts": _Field("A report that was sent and never answered is given up after so many attempts", ""),
    "senders": _Field("Receiving AEs that are sent to at the same time", ""),
    "answer": _Field("The response to a report must come within"),
}
PATIENCE: dict[str, _Field] = {
    "connect": _Field("TCP connection within"),
    "associate": _Field("Answer to the A-ASSOCIATE-RQ within"),
}
TIMEOUTS: dict[str, _Field] = {
    "connect": _Field("TCP connection within", option="--connect-timeout"),
    "acse": _Field("Answer to the A-ASSOCIATE-RQ within", option="--acse-timeout"),
    "dimse": _Field(
        "Each response within, counted anew with each match of a C-FIND", option="--dimse-timeout"
    ),
    "network": _Field("An association without any traffic is aborted after", option="--network-timeout"),
    "release": _Field(
        "A-RELEASE-RP within; not set: as the answer to A-ASSOCIATE-RQ", option="--release-timeout"
    ),
}


def _fields(
    value: Any, words: Mapping[str, _Field], *, without: tuple[str, ...] = ()
) -> list[tuple[str, ...]]:
    names = [one.name for one in dataclasses.fields(value) if one.name not in without]
    assert names == list(words), f"{type(value).__name__} has {names}, told are {list(words)}"
    return [
        (words[name].words, _value(getattr(value, name), words[name].unit), words[name].option or "none")
        for name in names
    ]


def _value(value: Any, unit: str) -> str:
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return f"{', '.join(f'{one:g}' for one in value)} {unit}"
    return f"{value:,.10g} {unit}".strip()


_PARAMETERS = ("Parameter", "Default", "Option")


def _scp_limits() -> str:
    return table(_PARAMETERS, _fields(Limits(), LIMITS))


def _delivery() -> str:
    rows = _fields(Delivery(), DELIVERY, without=("patience",)) + _fields(Patience(), PATIENCE)
    longest = "Maximum Length Received that is announced, and longest message that is taken in"
    return table(_PARAMETERS, [*rows, (longest, _value(event_sender.LONGEST, "bytes"), "none")])


def _scu_limits() -> str:
    own = ("Maximum Length Received that is announced", _value(PEER.max_pdu, "bytes"), "--max-pdu")
    return table(_PARAMETERS, [*_fields(Timeouts(), TIMEOUTS), own])


def _listener_limits() -> str:
    rows = (
        ("Connections at the same time", str(event_listener.CONNECTIONS)),
        ("A connection must have asked for an association within", f"{event_listener.ASSOCIATE_WITHIN:g} s"),
        ("The rest of a PDU within", f"{event_listener.BOUNDS.step:g} s"),
        ("An association without any traffic is aborted after", f"{event_listener.BOUNDS.idle:g} s"),
        ("Maximum Length Received that is announced", f"{event_listener.BOUNDS.pdu:,} bytes"),
    )
    return table(("Parameter", "Value"), rows)


def _options(verb: str) -> list[argparse.Action]:
    parser = Parser(prog=f"upsdesk {verb}")
    importlib.import_module(f"upsdesk.cli.{verb}").configure(parser)
    return parser._actions


_NOT_THE_SCP = ("-h", "--data-dir", "-v")


def _scp_options() -> str:
    rows = []
    for one in _options("scp"):
        if any(name in _NOT_THE_SCP for name in one.option_strings):
            continue
        value = one.metavar or ("/".join(one.choices) if one.choices else "")
        name = " ".join(filter(None, (*one.option_strings, str(value))))
        rows.append((f"`{name}`", str(one.help)))
    return table(("Option of `upsdesk scp`", "Means"), rows)


def _trial_uids() -> str:
    service, *classes = sorted(RETIRED_TRIAL_UIDS)
    return f"{service} and its {listed(uid.removeprefix(service) for uid in classes)}"


LENIENT = {
    "create": "attributes of type 2 may be absent from an N-CREATE; SOPClassUID and SOPInstanceUID may stand "
    "in it, and the latter counts when there is no Affected SOP Instance UID",
    "final": "final state requirements are not checked; CANCELED without a reason gets (110513, DCM); "
    "attributes of type 2 may be absent from items of an N-SET",
    "lock": "the Transaction UID is not compared and may be absent, except in a claim, which brings one",
    "class": "a message other than C-FIND may name any UPS class",
    "warning": "N-CREATE, N-SET and N-GET answer 0000 where they would warn; what they store is the same",
}


def _lenient() -> str:
    [option] = [one for one in _options("scp") if "--lenient" in one.option_strings]
    return table(("Option", "Effect"), ((f"`--lenient {one}`", LENIENT[one]) for one in option.choices or ()))


PARTS: dict[str, Part] = {
    "version": lambda: __version__,
    "overview": _overview,
    "transfer_syntaxes": _syntax_table,
    "operations": _operations,
    "scu_contexts": lambda: _contexts(proposals(), "SCU"),
    "listener_contexts": lambda: _contexts(
        dict.fromkeys((VERIFICATION_UID, event_sender.EVENT_UID), event_listener.SYNTAXES),
        "SCU",
        verified_as="SCP",
    ),
    "scp_contexts": lambda: _contexts(acceptance(), "SCP", extended_classes()),
    "report_contexts": lambda: _contexts({event_sender.EVENT_UID: event_sender.SYNTAXES}, "SCP"),
    "trial_uids": _trial_uids,
    "implementation_uid": lambda: IMPLEMENTATION_UID,
    "implementation_version": lambda: IMPLEMENTATION_VERSION,
    "scu_title": lambda: str(DEFAULT_CALLING_AET),
    "scu_port": lambda: str(DEFAULT_PORT),
    "scu_limits": _scu_limits,
    "listener_limits": _listener_limits,
    "scp_limits": _scp_limits,
    "delivery": _delivery,
    "scp_options": _scp_options,
    "lenient": _lenient,
    "connections": lambda: str(Limits().connections),
    "listener_connections": lambda: str(event_listener.CONNECTIONS),
    "associate": lambda: f"{Limits().associate:g}",
    "queue": lambda: f"{Delivery().queue:,}",
    "give_up": lambda: f"{Delivery().give_up:g}",
    "attempts": lambda: str(Delivery().attempts),
}
