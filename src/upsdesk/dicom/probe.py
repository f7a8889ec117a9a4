"""Decides how a server is tested, step by step, and who must mend what fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from upsdesk.dicom import transport
from upsdesk.dicom.contexts import transfer_syntax_name
from upsdesk.dicom.exchange import Match
from upsdesk.dicom.negotiation import Negotiated
from upsdesk.dicom.scu import UpsScu
from upsdesk.domain.errors import ContextRefused, Interrupted, NoAnswer, Unreachable
from upsdesk.domain.peer import Peer, UpsClass
from upsdesk.domain.query import WorklistQuery, state_query
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import no_answer

NAME = "Name"
CONNECTION = "Connection"
ASSOCIATION = "Association"
SERVICES = "UPS services"
SEARCH = "Search"
_TITLES = (NAME, CONNECTION, ASSOCIATION, SERVICES, SEARCH)
_OTHER_TITLE = "Try another AE title of the same server, such as WORKLIST, or ask its administrator."


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One line of the test."""

    title: str
    ok: bool | None
    """None: not tried, because a step before it failed."""
    detail: str
    next_step: str = ""


def probe(peer: Peer, clock: Callable[[], float] = time.monotonic) -> Iterator[ProbeStep]:
    """Test a server: name, TCP connection, association, UPS services and a search for one row.

    Yields every step exactly once, in this order; after a failure the rest is not tried. Nothing at the
    server is changed. Bounded by the peer's timeouts.
    """
    told = 0
    scu = UpsScu(peer, clock=clock)
    try:
        for step in _steps(peer, scu, clock):
            told += 1
            yield step
            if step.ok is False and step.title != SERVICES:
                break
        for title in _TITLES[told:]:
            yield ProbeStep(title, None, "Not tried.")
    finally:
        scu.abort() if told < len(_TITLES) else scu.release()


def _steps(peer: Peer, scu: UpsScu, clock: Callable[[], float]) -> Iterator[ProbeStep]:
    yield _name(peer, clock)
    began = clock()
    try:
        negotiated = scu.open()
    except ContextRefused:
        yield _connected(peer)
        yield ProbeStep(ASSOCIATION, True, "Accepted, but without any of the services.")
        yield ProbeStep(SERVICES, False, "No UPS service was accepted, nor Verification.", _OTHER_TITLE)
        return
    except Unreachable as error:
        yield _failed(CONNECTION, error)
        return
    except NoAnswer as error:
        yield _connected(peer)
        yield _failed(ASSOCIATION, error)
        return
    yield _connected(peer)
    yield ProbeStep(ASSOCIATION, True, _accepted(negotiated, (clock() - began) * 1000))
    services = _services(negotiated)
    yield services
    if any(one in negotiated.contexts for one in (UpsClass.PULL, UpsClass.QUERY, UpsClass.WATCH)):
        yield _search(scu)


def _name(peer: Peer, clock: Callable[[], float]) -> ProbeStep:
    try:
        addresses = transport.resolve(
            peer.host, peer.port, clock() + peer.timeouts.connect, lambda: False, clock
        )
    except (Unreachable, Interrupted) as error:
        return ProbeStep(NAME, False, _sentence(error.detail), "Check the host name that is typed here.")
    found = ", ".join(dict.fromkeys(str(address[0]) for _, address in addresses))
    return ProbeStep(
        NAME, True, f"{peer.host} is {found}." if found != peer.host else f"{found} is an address."
    )


def _connected(peer: Peer) -> ProbeStep:
    return ProbeStep(CONNECTION, True, f"{peer.host}:{peer.port} accepts TCP connections.")


def _failed(title: str, error: NoAnswer) -> ProbeStep:
    told = no_answer(error)
    return ProbeStep(title, False, _sentence(error.detail) or told.meaning, told.next_step)


def _accepted(negotiated: Negotiated, milliseconds: float) -> str:
    name = negotiated.implementation_version or negotiated.implementation_uid
    by = f" by {name}" if name else ""
    return f"Accepted{by} after {milliseconds:.0f} ms."


_USES = {
    UpsClass.PULL: "searching, starting, progress and completing",
    UpsClass.PUSH: "creating and asking to cancel",
    UpsClass.WATCH: "live updates",
}


def _services(negotiated: Negotiated) -> ProbeStep:
    accepted = [
        f"{one.value} ({transfer_syntax_name(uid)})"
        for one, uid in negotiated.contexts.items()
        if one is not None
    ]
    if not accepted:
        return ProbeStep(SERVICES, False, "No UPS service was accepted.", _OTHER_TITLE)
    detail = f"Accepted: {', '.join(accepted)}."
    missing = {one: use for one, use in _USES.items() if one not in negotiated.contexts}
    if not missing:
        return ProbeStep(SERVICES, True, detail)
    lacks = "; ".join(f"UPS {one.value}: no {use}" for one, use in missing.items())
    return ProbeStep(
        SERVICES, UpsClass.PULL not in missing, f"{detail} Not accepted: {lacks}.", "Ask its administrator."
    )


def _search(scu: UpsScu) -> ProbeStep:
    rows: list[Match] = []
    first = state_query(ProcedureStepState.SCHEDULED)
    try:
        answer = scu.find(WorklistQuery(first.keys, limit=1), rows.append)
    except NoAnswer as error:
        return _failed(SEARCH, error)
    via = answer.context.value if answer.context else ""
    if not rows and not answer.outcome.is_done:
        comment = f" The server's comment: {answer.error_comment}" if answer.error_comment else ""
        words = f"{answer.outcome.code_text} {answer.outcome.meaning}{comment}"
        return ProbeStep(SEARCH, False, words, answer.outcome.next_step)
    found = "A scheduled workitem came back" if rows else "It works; nothing is scheduled"
    return ProbeStep(SEARCH, True, f"{found} (UPS {via}, {answer.elapsed_ms:.0f} ms).")


def _sentence(detail: str) -> str:
    return f"{detail[:1].upper()}{detail[1:]}." if detail else ""
