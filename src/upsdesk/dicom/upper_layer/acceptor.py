"""Decides whether an association is accepted, and with which contexts, roles and extensions (PS3.8 9.3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from upsdesk.dicom.upper_layer.associate import (
    APPLICATION_CONTEXT,
    IMPLEMENTATION_UID,
    IMPLEMENTATION_VERSION,
    PROTOCOL_VERSION,
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ContextResult,
    ProposedContext,
    Roles,
    UserInformation,
)
from upsdesk.dicom.upper_layer.association import Context
from upsdesk.domain.keys import AeTitle

_PERMANENT = 1
_USER, _PROVIDER = 1, 2
_VERSION_NOT_SUPPORTED = AssociateReject(_PERMANENT, _PROVIDER, 2)
_APPLICATION_CONTEXT_NOT_SUPPORTED = AssociateReject(_PERMANENT, _USER, 2)
_CALLING_NOT_RECOGNIZED = AssociateReject(_PERMANENT, _USER, 3)
_CALLED_NOT_RECOGNIZED = AssociateReject(_PERMANENT, _USER, 7)
"""PS3.8 Table 9-21."""


_AS_USUAL = Roles(scu=True, scp=False)
"""What the requestor is that proposes no roles."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A SOP Class that associations may use."""

    transfer_syntaxes: tuple[str, ...]
    """The preferred one first."""
    extend: Callable[[bytes], bytes] | None = None
    """Answers SOP Class Extended Negotiation; None: the item is not answered."""
    requestor: Roles = _AS_USUAL
    """What the requestor may be when it proposes roles; what it does not propose it does not become."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an acceptor accepts."""

    title: AeTitle
    offers: Mapping[str, Offer]
    """By abstract syntax."""
    max_pdu: int
    """Announced to the requestor."""
    is_any_title_called: bool = False
    """Else the called AE title has to be `title`."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """An association that is accepted, and its contexts by ID."""

    accept: AssociateAccept
    contexts: Mapping[int, Context]


def answer(request: AssociateRequest, acceptance: Acceptance) -> Agreement | AssociateReject:
    """What a request for an association is answered with."""
    if not request.protocol_version & PROTOCOL_VERSION:
        return _VERSION_NOT_SUPPORTED
    if request.application_context != APPLICATION_CONTEXT:
        return _APPLICATION_CONTEXT_NOT_SUPPORTED
    if request.called != acceptance.title and not acceptance.is_any_title_called:
        return _CALLED_NOT_RECOGNIZED
    if not request.calling:
        return _CALLING_NOT_RECOGNIZED
    roles = _roles(request.user.roles, acceptance.offers)
    extended = _extended(request.user.extended, acceptance.offers)
    answered = tuple(_answered(one, acceptance.offers, roles) for one in request.contexts)
    user = UserInformation(
        max_pdu=acceptance.max_pdu,
        class_uid=IMPLEMENTATION_UID,
        version=IMPLEMENTATION_VERSION,
        roles=roles,
        extended=extended,
        operations_window=(1, 1) if request.user.operations_window is not None else None,
        identity_response=b"" if request.user.wants_identity_response else None,
    )
    contexts = {
        one.id: _context(proposed.abstract_syntax, one, roles, extended)
        for proposed, one in zip(request.contexts, answered, strict=True)
        if one.result == ContextResult.ACCEPTANCE
    }
    accept = AssociateAccept(answered, user, request.called_field, request.calling_field)
    return Agreement(accept, contexts)


def _context(
    abstract_syntax: str, answered: AnsweredContext, roles: Mapping[str, Roles], extended: Mapping[str, bytes]
) -> Context:
    theirs = roles.get(abstract_syntax, _AS_USUAL)
    return Context(
        answered.id,
        abstract_syntax,
        answered.transfer_syntax,
        as_scu=theirs.scp,
        as_scp=theirs.scu,
        extended=extended.get(abstract_syntax, b""),
    )


def _roles(proposed: Mapping[str, Roles], offers: Mapping[str, Offer]) -> dict[str, Roles]:
    """Every proposal about a class that is offered is answered: dcm4che uses no role that is not."""
    return {
        uid: Roles(scu=one.scu and offer.requestor.scu, scp=one.scp and offer.requestor.scp)
        for uid, one in proposed.items()
        if (offer := offers.get(uid)) is not None
    }


def _extended(proposed: Mapping[str, bytes], offers: Mapping[str, Offer]) -> dict[str, bytes]:
    answers: dict[str, bytes] = {}
    for uid, information in proposed.items():
        offer = offers.get(uid)
        if offer is not None and offer.extend is not None:
            answers[uid] = offer.extend(information)
    return answers


def _answered(
    proposed: ProposedContext, offers: Mapping[str, Offer], roles: Mapping[str, Roles]
) -> AnsweredContext:
    # Of a refused context it is not significant, but some look for one that they have proposed.
    syntax = proposed.transfer_syntaxes[0]
    offer = offers.get(proposed.abstract_syntax)
    if offer is None:
        return AnsweredContext(proposed.id, ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED, syntax)
    common = [uid for uid in offer.transfer_syntaxes if uid in proposed.transfer_syntaxes]
    if not common:
        return AnsweredContext(proposed.id, ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, syntax)
    theirs = roles.get(proposed.abstract_syntax, _AS_USUAL)
    if not (theirs.scu or theirs.scp):
        return AnsweredContext(proposed.id, ContextResult.USER_REJECTION, syntax)
    return AnsweredContext(proposed.id, ContextResult.ACCEPTANCE, common[0])
