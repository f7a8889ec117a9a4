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


@dataclass(frozen=True, slots=True)
class Offer:
    """A SOP Class that this side serves as its SCP."""

    transfer_syntaxes: tuple[str, ...]
    """The preferred one first."""
    extend: Callable[[bytes], bytes] | None = None
    """Answers SOP Class Extended Negotiation; None: the item is not answered."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an acceptor accepts."""

    title: AeTitle
    """The called AE title has to be this one."""
    offers: Mapping[str, Offer]
    """By abstract syntax."""
    max_pdu: int
    """Announced to the requestor."""


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
    if request.called != acceptance.title:
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
        one.id: Context(
            one.id,
            proposed.abstract_syntax,
            one.transfer_syntax,
            as_scu=False,
            as_scp=True,
            extended=extended.get(proposed.abstract_syntax, b""),
        )
        for proposed, one in zip(request.contexts, answered, strict=True)
        if one.result == ContextResult.ACCEPTANCE
    }
    accept = AssociateAccept(answered, user, request.called_field, request.calling_field)
    return Agreement(accept, contexts)


def _roles(proposed: Mapping[str, Roles], offers: Mapping[str, Offer]) -> dict[str, Roles]:
    """Every proposal about a class that is served is answered: its SCU may be one, its SCP is here."""
    return {uid: Roles(scu=one.scu, scp=False) for uid, one in proposed.items() if uid in offers}


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
    if not roles.get(proposed.abstract_syntax, Roles(scu=True, scp=False)).scu:
        return AnsweredContext(proposed.id, ContextResult.USER_REJECTION, syntax)
    return AnsweredContext(proposed.id, ContextResult.ACCEPTANCE, common[0])
