"""What a status means: (service, action, code) -> Outcome. Never read a code without its service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from upsdesk.domain import errors

DONE = "Done."
"""The meaning of a plain success."""


class Service(Enum):
    """DIMSE services of the UPS."""

    C_ECHO = "C-ECHO"
    C_FIND = "C-FIND"
    N_CREATE = "N-CREATE"
    N_SET = "N-SET"
    N_GET = "N-GET"
    N_ACTION = "N-ACTION"
    N_EVENT_REPORT = "N-EVENT-REPORT"


class Kind(Enum):
    """The category of an outcome, by the names that the command line prints."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    CANCEL = "cancel"
    PENDING = "pending"
    NONE = "none"
    """No answer: neither success nor failure is known."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A status in words. `next_step` is empty only for success and pending."""

    kind: Kind
    meaning: str
    next_step: str = ""
    clause: str = ""
    code: int | None = None

    @property
    def is_done(self) -> bool:
        """The peer did what was asked, with or without remarks."""
        return self.kind in (Kind.SUCCESS, Kind.WARNING)

    @property
    def code_text(self) -> str:
        """Four upper-case hex digits, or empty when no answer came."""
        return "" if self.code is None else f"{self.code:04X}"


def _failure(meaning: str, next_step: str, clause: str) -> Outcome:
    return Outcome(Kind.FAILURE, meaning, next_step, clause)


def _warning(meaning: str, next_step: str, clause: str) -> Outcome:
    return Outcome(Kind.WARNING, meaning, next_step, clause)


_GENERAL = "PS3.7 Annex C"
_GENERAL_N: dict[int, Outcome] = {
    0x0105: _failure(
        "An attribute is not known or not allowed here.", "Remove the attributes that are named.", _GENERAL
    ),
    0x0106: _failure("A value is not valid for its attribute.", "Correct the value that is named.", _GENERAL),
    0x0107: _warning(
        "Some of the attributes were not handled.", "Compare what came back with what was asked.", _GENERAL
    ),
    0x0110: _failure(
        "The server could not process the request.", "Read its comment, then try again later.", _GENERAL
    ),
    0x0112: _failure("The server does not know this workitem.", "Search again.", _GENERAL),
    0x0113: _failure("The subscriber does not know this event type.", "Nothing can be done here.", _GENERAL),
    0x0114: _failure(
        "The request lacks an argument that the server needs.", "Complete the request.", _GENERAL
    ),
    0x0115: _failure(
        "An argument of the request is not valid.", "Correct the argument that is named.", _GENERAL
    ),
    0x0116: _warning(
        "A value is outside the range that the server keeps.", "Check what the server stored.", _GENERAL
    ),
    0x0117: _failure("The SOP Instance UID is not valid.", "Check the UID.", _GENERAL),
    0x0118: _failure(
        "The server does not know the SOP Class.", "Check which UPS services it offers (Test).", _GENERAL
    ),
    0x0119: _failure(
        "The UID does not belong to a UPS.", "Check the UID and the server's configuration.", _GENERAL
    ),
    0x0121: _failure(
        "An attribute that needs a value is empty.", "Fill the attributes that are named.", _GENERAL
    ),
    0x0122: _failure(
        "The server does not support this SOP Class.", "Check which UPS services it offers (Test).", _GENERAL
    ),
    0x0123: _failure(
        "The server does not offer this action on this presentation context.",
        "Check which UPS services it offers (Test).",
        _GENERAL,
    ),
    0x0124: _failure("The server does not authorize this.", "Ask its administrator.", _GENERAL),
    0x0210: _failure("The server takes the message for a duplicate.", "Send it again.", _GENERAL),
    0x0211: _failure(
        "The server does not offer this operation here.",
        "Check which UPS services it offers (Test).",
        _GENERAL,
    ),
    0x0212: _failure(
        "The server cannot read one of the arguments.",
        "Report it to both vendors: a protocol fault.",
        _GENERAL,
    ),
    0x0213: _failure("The server is short of resources.", "Try again later.", _GENERAL),
}

_CREATE = "PS3.4 Table CC.2.5-1"
_SET = "PS3.4 Table CC.2.6-1"
_GET = "PS3.4 Table CC.2.7-1"
_FIND = "PS3.4 Table CC.2.8-1"
_CHANGE = "PS3.4 Table CC.2.1-2"
_CANCEL = "PS3.4 Table CC.2.2-2"
_SUBSCRIBE = "PS3.4 Table CC.2.3-3"

_UNKNOWN_WORKITEM = "The server does not know this workitem, or does not manage it."
_N_CREATE: dict[int, Outcome] = {
    0x0111: _failure(
        "This UID is already used at the server.", "Use a new UID, or search for the workitem.", _GENERAL
    ),
    0x0120: _failure(
        "An attribute that every new workitem needs is missing.",
        "Fill the attributes that are named.",
        _GENERAL,
    ),
    0xB300: _warning(
        "Created, and the server changed or added values.", "Read it back to see what it stored.", _CREATE
    ),
    0xC309: _failure("A new workitem must be SCHEDULED.", "Leave the state at SCHEDULED.", _CREATE),
}
_N_SET: dict[int, Outcome] = {
    0x0001: _warning(
        "Optional attributes are not supported by the server.", "Read it back to see what it stored.", _SET
    ),
    0xB305: _warning("Stored, and the server changed values.", "Read it back to see what it stored.", _SET),
    0xC300: _failure("Already ended: it can no longer be changed.", "Create a new workitem instead.", _SET),
    0xC301: _failure(
        "Another system holds this workitem.", "Ask to cancel, or choose another workitem.", _SET
    ),
    0xC307: _failure(_UNKNOWN_WORKITEM, "Search again.", _SET),
    0xC310: _failure(
        "Not started yet, so no Transaction UID belongs to it.",
        "Start it first, or send it without one.",
        _SET,
    ),
}
_N_GET: dict[int, Outcome] = {
    0x0001: _warning(
        "Optional attributes are not supported by the server.", "Nothing needs to be done.", _GET
    ),
    0xC307: _failure(_UNKNOWN_WORKITEM, "Search again.", _GET),
}
_C_FIND: dict[int, Outcome] = {
    0xFF00: Outcome(Kind.PENDING, "A match.", "", _FIND),
    0xFF01: Outcome(Kind.PENDING, "A match; the server did not use some optional keys.", "", _FIND),
    0xFE00: Outcome(Kind.CANCEL, "The search was stopped.", "Search again for the rest.", _FIND),
    0x0122: _failure("The server does not search this SOP Class.", "Choose another query class.", _FIND),
    0xA700: _failure("The server is short of resources.", "Narrow the search, or try again later.", _FIND),
    0xA900: _failure("The server does not accept the matching keys.", "Use fewer or other keys.", _FIND),
}
_FIND_FAILED = _failure(
    "The server could not process the search.", "Narrow the search, or try again later.", _FIND
)

_ACTIONS: dict[int, dict[int, Outcome]] = {
    1: {
        0xB304: _warning("It was already canceled.", "Nothing needs to be done.", _CHANGE),
        0xB306: _warning("It was already completed.", "Nothing needs to be done.", _CHANGE),
        0xC300: _failure(
            "Already ended: it can no longer be changed.", "Search again to see its final state.", _CHANGE
        ),
        0xC301: _failure(
            "Another system has started it.", "Choose another workitem, or Ask to cancel.", _CHANGE
        ),
        0xC302: _failure(
            "Another system has started it.", "Choose another workitem, or Ask to cancel.", _CHANGE
        ),
        0xC303: _failure(
            "A workitem cannot go back to SCHEDULED.", "Create a new one that replaces it.", _CHANGE
        ),
        0xC304: _failure(
            "The final state needs attributes that are missing.",
            "Fill what is missing, then try again.",
            _CHANGE,
        ),
        0xC307: _failure(_UNKNOWN_WORKITEM, "Search again.", _CHANGE),
        0xC310: _failure("Not started yet.", "Start it first.", _CHANGE),
    },
    2: {
        0x0000: Outcome(Kind.SUCCESS, "Asked, not canceled yet.", "Watch for its state to change.", _CANCEL),
        0xB304: _warning("It was already canceled.", "Nothing needs to be done.", _CANCEL),
        0xC307: _failure(_UNKNOWN_WORKITEM, "Search again.", _CANCEL),
        0xC311: _failure("It was already completed.", "Nothing is left to cancel.", _CANCEL),
        0xC312: _failure("The performer cannot be reached by the server.", "Call the performer.", _CANCEL),
        0xC313: _failure("The performer chose not to cancel.", "Call the performer.", _CANCEL),
    },
}
_SUBSCRIPTIONS: dict[int, Outcome] = {
    0xB301: _warning(
        "Subscribed, but the server does not keep ended workitems.",
        "Read each one soon after its end.",
        _SUBSCRIBE,
    ),
    0xC307: _failure(
        "The server does not know this workitem, or has no filtered subscription.",
        "Subscribe globally.",
        _SUBSCRIBE,
    ),
    0xC308: _failure(
        "The server does not know our AE title as a receiver of updates.",
        "Its administrator must add our AE title, address and port as a receiver of UPS Event.",
        _SUBSCRIBE,
    ),
    0xC314: _failure(
        "This action does not fit what it was sent for.", "Use Unsubscribe for a single workitem.", _SUBSCRIBE
    ),
    0xC315: _failure("The server sends no updates.", "Rely on the regular search.", _SUBSCRIBE),
}
# One table of the Standard for all three, but who gives a subscription up needs other advice.
_ACTIONS[3] = _SUBSCRIPTIONS
_ACTIONS[4] = _ACTIONS[5] = _SUBSCRIPTIONS | {
    0xB301: _warning(
        "Done, but the server does not keep ended workitems.",
        "Read each one soon after its end.",
        _SUBSCRIBE,
    ),
    0xC307: _failure(_UNKNOWN_WORKITEM, "Search again.", _SUBSCRIBE),
}


def _general(*codes: int) -> dict[int, Outcome]:
    """These of the general statuses, and the protocol faults that every DIMSE-N service can report."""
    return {
        code: _GENERAL_N[code] for code in (*codes, 0x0110, 0x0117, 0x0118, 0x0210, 0x0211, 0x0212, 0x0213)
    }


_TABLES: dict[Service, dict[int, Outcome]] = {
    # PS3.7 9.1.5.1.4
    Service.C_ECHO: {code: _GENERAL_N[code] for code in (0x0210, 0x0211, 0x0212)}
    | {
        0x0122: _failure(
            "The server does not offer Verification.", "Try a search instead.", "PS3.7 9.1.5.1.4"
        ),
    },
    Service.C_FIND: _C_FIND,
    # PS3.7 10.1.1 to 10.1.5: each service has a list of its own.
    Service.N_CREATE: _general(0x0105, 0x0106, 0x0107, 0x0116, 0x0121, 0x0122, 0x0124) | _N_CREATE,
    Service.N_SET: _general(0x0105, 0x0106, 0x0107, 0x0112, 0x0116, 0x0119, 0x0121, 0x0122, 0x0124) | _N_SET,
    Service.N_GET: _general(0x0107, 0x0112, 0x0119, 0x0122, 0x0124) | _N_GET,
    Service.N_ACTION: _general(0x0112, 0x0114, 0x0115, 0x0119, 0x0122, 0x0123, 0x0124),
    Service.N_EVENT_REPORT: _general(0x0112, 0x0113, 0x0114, 0x0115, 0x0119),
}


def outcome(service: Service, code: int, action_type: int | None = None) -> Outcome:
    """The meaning of `code` as the answer to `service` (for N-ACTION: of that action type)."""
    specific = _ACTIONS.get(action_type or 0, {}) if service is Service.N_ACTION else {}
    found = specific.get(code) or _TABLES[service].get(code)
    if found is None:
        found = _unlisted(service, code)
    return Outcome(found.kind, found.meaning, found.next_step, found.clause, code)


_WARNING_CODES = (0x0001, 0x0107, 0x0116)
"""With Bxxx the codes of the status class Warning (PS3.7 Table C.1-1)."""


def _unlisted(service: Service, code: int) -> Outcome:
    if code == 0x0000:
        return Outcome(Kind.SUCCESS, DONE)
    if service is Service.C_FIND and (code & 0xF000) == 0xC000:
        return _FIND_FAILED
    if code in _WARNING_CODES or (code & 0xF000) == 0xB000:
        return Outcome(
            Kind.WARNING,
            f"Done, with the warning {code:04X}, which the Standard does not define for {service.value}.",
            "Read it back to see what the server did.",
        )
    return Outcome(
        Kind.FAILURE,
        f"The server answered with {code:04X}, which the Standard does not define for {service.value}.",
        "Read the workitem again to see what happened, and report it to the server's vendor.",
    )


_CALLED_UNKNOWN = "Check the AE title of the server that is typed here."
_CALLING_UNKNOWN = "The server's administrator must add our AE title."


def no_answer(error: errors.NoAnswer, *, is_harmless: bool = False) -> Outcome:
    """Why no usable answer came, and what to do; each cause has a sentence of its own.

    `is_harmless`: the request changes nothing, so that it can simply be sent again.
    """
    found = _no_answer(error)
    if is_harmless and found.next_step == _UNKNOWN_WHETHER:
        return _none(found.meaning, "Nothing was changed. Try again.")
    return found


def _no_answer(error: errors.NoAnswer) -> Outcome:
    detail = f" ({error.detail})" if error.detail else ""
    if isinstance(error, errors.Unreachable):
        return _none(
            f"The server cannot be reached{detail}.", "Check host and port, and that the server is running."
        )
    if isinstance(error, errors.Rejected):
        return _none(f"The server refused the association{detail}.", _rejection_step(error))
    if isinstance(error, errors.ContextRefused):
        needed = (
            "Verification"
            if error.needed is None
            else " or ".join(f"UPS {one.value}" for one in error.needed)
        )
        return _none(
            f"The server did not accept the service that this needs: {needed}.",
            "Try another AE title of the same server, such as WORKLIST, or ask its administrator.",
        )
    if isinstance(error, errors.Aborted):
        return _none(f"The server broke the association off{detail}.", _reread_step(error))
    if isinstance(error, errors.TimedOut):
        return _none(f"The server did not answer in time{detail}.", _reread_step(error))
    if isinstance(error, errors.Interrupted):
        return _none("Stopped here before an answer came.", _reread_step(error))
    return _none(f"The server answered with something that is not valid{detail}.", _reread_step(error))


def _rejection_step(error: errors.Rejected) -> str:
    if error.called_title_unknown:
        return _CALLED_UNKNOWN
    if error.calling_title_unknown:
        return _CALLING_UNKNOWN
    return "Try again later, or ask its administrator."


_UNKNOWN_WHETHER = "It is unknown whether it was carried out: read the workitem again before repeating it."


def _reread_step(error: errors.NoAnswer) -> str:
    if error.sent:
        return _UNKNOWN_WHETHER
    return "Nothing was sent. Try again."


def _none(meaning: str, next_step: str) -> Outcome:
    return Outcome(Kind.NONE, meaning, next_step)
