"""Decides how an association is asked for and what the answer to that means (PS3.8 9.3.2 to 9.3.4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from upsdesk.dicom import transport
from upsdesk.dicom.rejection import rejected
from upsdesk.dicom.upper_layer.associate import (
    IMPLEMENTATION_UID,
    IMPLEMENTATION_VERSION,
    AssociateAccept,
    AssociateRequest,
    ContextResult,
    ProposedContext,
    Roles,
    UserInformation,
    read_accept,
    read_reject,
)
from upsdesk.dicom.upper_layer.association import Association, Bounds, Context
from upsdesk.dicom.upper_layer.channel import Channel
from upsdesk.dicom.upper_layer.pdus import (
    AbortReason,
    InvalidPdu,
    PduType,
    provider_abort,
)
from upsdesk.domain.errors import Aborted, NoAnswer, TimedOut, UnexpectedResponse
from upsdesk.domain.keys import AeTitle


@dataclass(frozen=True, slots=True)
class Proposal:
    """A presentation context to propose."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    roles: tuple[bool, bool] | None = None
    """Role selection: whether we want to be (SCU, SCP); None: no item, which means SCU."""
    extended: bytes = b""
    """SOP Class Extended Negotiation; empty: no item."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds."""

    connect: float = 5.0
    """Until the TCP connection stands."""
    associate: float = 5.0
    """Until the request for the association is answered."""


def open_association(
    host: str,
    port: int,
    *,
    calling: AeTitle,
    called: AeTitle,
    proposals: Sequence[Proposal],
    patience: Patience = Patience(),
    bounds: Bounds = Bounds(),  # noqa: B008
    is_given_up: Callable[[], bool] = lambda: False,
    on_open: Callable[[Association], None] = lambda _association: None,
    clock: Callable[[], float] = time.monotonic,
) -> Association:
    """An association with those of the proposed contexts that were accepted, perhaps none.

    `on_open` is told of it as soon as there is a connection, so that `abort` can end the wait for the answer.
    Raise Unreachable, Rejected, Aborted, TimedOut, UnexpectedResponse, or Interrupted.
    """
    connection = transport.connect(host, port, patience.connect, is_given_up, clock)
    channel = Channel(connection, bounds.pdu, clock=clock)
    contexts: dict[int, Context] = {}
    association = Association(
        channel,
        calling=calling,
        called=called,
        contexts=contexts,
        max_pdu=0,
        bounds=bounds,
        is_requestor=True,
        clock=clock,
    )
    on_open(association)
    if is_given_up():
        association.close()
    asked = {2 * index + 1: one for index, one in enumerate(proposals)}  # odd numbers (PS3.8 9.3.2.2)
    try:
        channel.send(_request(calling, called, asked, bounds.pdu).to_bytes(), patience.associate)
        accept = _answer(channel, association, patience.associate)
    except NoAnswer:
        association.close()
        raise
    contexts.update(_agreed(accept, asked))
    association.max_pdu = accept.user.max_pdu
    association.roles_answered = frozenset(accept.user.roles)
    association.accept = accept
    return association


def _request(calling: AeTitle, called: AeTitle, asked: dict[int, Proposal], max_pdu: int) -> AssociateRequest:
    user = UserInformation(
        max_pdu=max_pdu,
        class_uid=IMPLEMENTATION_UID,
        version=IMPLEMENTATION_VERSION,
        roles={one.abstract_syntax: Roles(*one.roles) for one in asked.values() if one.roles is not None},
        extended={one.abstract_syntax: one.extended for one in asked.values() if one.extended},
    )
    contexts = (
        ProposedContext(number, one.abstract_syntax, one.transfer_syntaxes) for number, one in asked.items()
    )
    return AssociateRequest(str(called), str(calling), tuple(contexts), user)


def _answer(channel: Channel, association: Association, within: float) -> AssociateAccept:
    """What comes in Sta5."""
    try:
        try:
            kind, content = channel.read_pdu(within, within)
        except Aborted:
            raise Aborted("the connection was closed before the association was established") from None
        if kind is PduType.A_ASSOCIATE_AC:
            return read_accept(content)
        if kind is PduType.A_ASSOCIATE_RJ:
            answer = read_reject(content)
            raise rejected(answer.result, answer.source, answer.reason)
        if kind is PduType.A_ABORT:
            raise Aborted("it sent A-ABORT instead of accepting the association")
        raise InvalidPdu(AbortReason.UNEXPECTED_PDU, f"{kind.name} came instead of A-ASSOCIATE-AC")
    except InvalidPdu as error:
        association.end(provider_abort(error.reason))
        raise UnexpectedResponse(str(error)) from None
    except TimedOut:
        association.abort()
        raise TimedOut(f"no answer to the association request within {within:g} s") from None


def _agreed(accept: AssociateAccept, asked: dict[int, Proposal]) -> dict[int, Context]:
    agreed: dict[int, Context] = {}
    for one in accept.contexts:
        proposal = asked.get(one.id)
        if proposal is None or one.result != ContextResult.ACCEPTANCE:
            continue
        if one.transfer_syntax not in proposal.transfer_syntaxes:  # nobody could read a data set (9.3.3.2)
            continue
        uid = proposal.abstract_syntax
        roles = Roles(scu=True, scp=False)
        if proposal.roles is not None and uid in accept.user.roles:
            answered = accept.user.roles[uid]
            roles = Roles(proposal.roles[0] and answered.scu, proposal.roles[1] and answered.scp)
        agreed[one.id] = Context(
            one.id, uid, one.transfer_syntax, roles.scu, roles.scp, accept.user.extended.get(uid, b"")
        )
    return agreed
