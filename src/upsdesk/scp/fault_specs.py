"""What can go wrong on purpose, and how it is written: `OPERATION[@AET]:EFFECT[=VALUE][*COUNT]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from upsdesk.domain.keys import AeTitle
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import UpsClass

FORM = "OPERATION[@AET]:EFFECT[=VALUE][*COUNT]"
_LONGEST = 3600.0


class Target(Enum):
    """What a fault happens to."""

    ECHO = "echo"
    FIND = "find"
    CREATE = "create"
    GET = "get"
    SET = "set"
    CHANGE_STATE = "change-state"
    REQUEST_CANCEL = "request-cancel"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    SUSPEND = "suspend"
    ANY = "any"
    """Every request, known or not."""
    REPORT = "report"
    """N-EVENT-REPORT, which the server sends."""
    ASSOCIATE = "associate"
    """The request for an association."""


TARGETS: Mapping[Operation, Target] = {operation: Target[operation.name] for operation in Operation}
_ALIASES = {operation.value: Target[operation.name] for operation in Operation}
"""The verbs of the command line, two of which are shorter: chstate, reqcancel."""
REQUESTS = frozenset(TARGETS.values())


class Effect(Enum):
    """What happens. Those that end in `-after` come when the request has been carried out."""

    STATUS = "status"
    ANSWER = "answer"
    DELAY = "delay"
    SLOW = "slow"
    SILENCE = "silence"
    ABORT = "abort"
    CLOSE = "close"
    SILENCE_AFTER = "silence-after"
    ABORT_AFTER = "abort-after"
    CLOSE_AFTER = "close-after"
    HALF_PDU = "half-pdu"
    WRONG_CLASS = "wrong-class"
    LEAK_LOCK = "leak-lock"
    NO_LOCK_CHECK = "no-lock-check"
    DROP = "drop"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    WRONG_ROLE = "wrong-role"
    REJECT = "reject"


class Roles(Enum):
    """Which role selection an association for reports proposes instead of the right one (SCP only)."""

    SWAPPED = "swapped"
    """SCU only."""
    BOTH = "both"
    NONE = "none"
    """No role selection item at all."""


Value = int | float | UpsClass | Roles
_T = Target
_LOCKED = frozenset({_T.SET, _T.CHANGE_STATE})
_LEAKING = frozenset({_T.GET, _T.FIND, _T.CHANGE_STATE, _T.REPORT})
_ONLY_REPORT = frozenset({_T.REPORT})
_ENDING = REQUESTS | {_T.REPORT, _T.ASSOCIATE}
_WHERE: Mapping[Effect, frozenset[Target]] = {
    Effect.STATUS: REQUESTS,
    Effect.ANSWER: REQUESTS,
    Effect.DELAY: _ENDING,
    Effect.SLOW: REQUESTS,
    Effect.SILENCE: REQUESTS | {_T.ASSOCIATE},
    Effect.ABORT: _ENDING,
    Effect.CLOSE: _ENDING,
    Effect.SILENCE_AFTER: REQUESTS,
    Effect.ABORT_AFTER: REQUESTS,
    Effect.CLOSE_AFTER: REQUESTS,
    Effect.HALF_PDU: REQUESTS | {_T.REPORT},
    Effect.WRONG_CLASS: REQUESTS - {_T.ECHO} | {_T.REPORT},
    Effect.LEAK_LOCK: _LEAKING,
    Effect.NO_LOCK_CHECK: _LOCKED,
    Effect.DROP: _ONLY_REPORT,
    Effect.DUPLICATE: _ONLY_REPORT,
    Effect.REORDER: _ONLY_REPORT,
    Effect.WRONG_ROLE: _ONLY_REPORT,
    Effect.REJECT: frozenset({_T.ASSOCIATE}),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong on purpose; `str()` gives its spec."""

    target: Target
    effect: Effect
    aet: AeTitle | None = None
    """Only with this calling AE (of reports: Receiving AE); None: with all."""
    value: Value | None = None
    """status, answer: the code; delay, slow: seconds; -after, half-pdu: responses before it; drop: share."""
    count: int | None = None
    """How many times it happens; None: always."""

    def __str__(self) -> str:
        whom = f"@{self.aet}" if self.aet is not None else ""
        times = f"*{self.count}" if self.count is not None else ""
        return f"{self.target.value}{whom}:{self.effect.value}{_written(self)}{times}"

    @property
    def code(self) -> int:
        """The status of `status` and `answer`."""
        return int(self.number)

    @property
    def number(self) -> float:
        """Seconds, a share, or how many responses; 0 when nothing is given."""
        return self.value if isinstance(self.value, int | float) else 0.0

    def concerns(self, target: Target | None, aet: AeTitle) -> bool:
        """Whether it happens to this; `target` None is a request that is no operation of the UPS."""
        if self.aet is not None and self.aet != aet:
            return False
        if self.target is not Target.ANY:
            return self.target is target
        # Of a foreign request nothing is known but that it is answered.
        allowed = _WHERE[self.effect]
        return target in allowed & REQUESTS if target is not None else allowed >= REQUESTS


def parse_fault(text: str) -> Fault:
    """Read a spec such as `find@DESK:abort-after=3*2`. Raise ValueError with one sentence."""
    head, colon, tail = text.strip().rpartition(":")
    name, at, title = head.partition("@")
    if not colon or not name or not tail:
        raise ValueError(f"{text!r} is no fault: write {FORM}, such as find:abort-after=3")
    target = _target(name.strip())
    tail, star, times = tail.partition("*")
    word, equals, given = tail.partition("=")
    effect = _effect(word.strip(), target)
    try:
        aet = AeTitle.parse(title) if at else None
        value = _VALUES.get(effect, _nothing)(given.strip() if equals else None)
        count = _count(times) if star else None
    except ValueError as error:
        raise ValueError(f"{text!r} is no fault: {error}") from None
    is_several = target in (Target.FIND, Target.ANY)
    if effect in _AFTER_RESPONSES and value and not is_several:
        raise ValueError(f"{text!r} is no fault: only find has more than one response to count")
    return Fault(target, effect, aet, value, count)


def shortest(spec: Fault | str) -> str:
    """A spec, or its beginning, as `str()` of a fault writes it, without a count."""
    if isinstance(spec, str):
        try:
            spec = parse_fault(spec)
        except ValueError:
            name, mark, rest = re.match(r"\s*([^@:]*)([@:]?)(.*)", str(spec), re.DOTALL).groups()  # type: ignore[union-attr]
            return (_ALIASES[name].value if name in _ALIASES else name) + mark + rest.strip()
    return str(replace(spec, count=None))


def _target(name: str) -> Target:
    try:
        return _ALIASES.get(name) or Target(name)
    except ValueError:
        names = ", ".join(one.value for one in Target)
        raise ValueError(f"{name!r} is no operation of a fault: write one of {names}") from None


def _effect(word: str, target: Target) -> Effect:
    known = [one for one in Effect if _is_for(one, target)]
    found = next((one for one in known if one.value == word), None)
    if found is None:
        names = ", ".join(one.value for one in known)
        raise ValueError(f"{word!r} is no effect of {target.value}: write one of {names}")
    return found


def _is_for(effect: Effect, target: Target) -> bool:
    return bool(_WHERE[effect] & REQUESTS) if target is Target.ANY else target in _WHERE[effect]


def _nothing(given: str | None) -> None:
    if given is not None:
        raise ValueError("it takes no value")


def _status(given: str | None) -> int:
    digits = (given or "").upper().removeprefix("0X")
    if not 1 <= len(digits) <= 4 or any(char not in "0123456789ABCDEF" for char in digits):
        raise ValueError("it needs a status of up to four hex digits, such as status=C307")
    return int(digits, 16)


def _seconds(given: str | None) -> float:
    return _number(given, "seconds above 0 and up to 3600, such as delay=2", _LONGEST)


def _share(given: str | None) -> float:
    return 1.0 if given is None else _number(given, "a share above 0 and up to 1, such as drop=0.3", 1.0)


def _number(given: str | None, wanted: str, most: float) -> float:
    try:
        number = float(given or "")
    except ValueError:
        number = 0.0
    if not 0 < number <= most:
        raise ValueError(f"it needs {wanted}")
    return number


def _responses(given: str | None) -> int:
    if given is None:
        return 0
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise ValueError("it needs a number of responses, such as abort-after=3")
    return int(given)


def _count(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 10) or int(given) < 1:
        raise ValueError("behind * stands how many times it happens, 1 or more")
    return int(given)


def _class(given: str | None) -> UpsClass | None:
    if given is None:
        return None
    found = next((one for one in UpsClass if one.value.lower() == given.lower()), None)
    if found is None:
        raise ValueError(f"{given!r} is none of {', '.join(one.value for one in UpsClass)}")
    return found


def _roles(given: str | None) -> Roles:
    try:
        return Roles.SWAPPED if given is None else Roles(given.lower())
    except ValueError:
        raise ValueError(f"{given!r} is none of {', '.join(one.value for one in Roles)}") from None


_AFTER_RESPONSES = (Effect.SILENCE_AFTER, Effect.ABORT_AFTER, Effect.CLOSE_AFTER, Effect.HALF_PDU)
_VALUES: Mapping[Effect, Callable[[str | None], Value | None]] = {
    Effect.STATUS: _status,
    Effect.ANSWER: _status,
    Effect.DELAY: _seconds,
    Effect.SLOW: _seconds,
    Effect.SILENCE_AFTER: _responses,
    Effect.ABORT_AFTER: _responses,
    Effect.CLOSE_AFTER: _responses,
    Effect.HALF_PDU: _responses,
    Effect.WRONG_CLASS: _class,
    Effect.DROP: _share,
    Effect.WRONG_ROLE: _roles,
}


def _written(fault: Fault) -> str:
    """`=VALUE` as it is typed; empty for what is the same without."""
    value = fault.value
    if value is None or value is Roles.SWAPPED or (fault.effect in _AFTER_RESPONSES and value == 0):
        return ""
    if fault.effect in (Effect.STATUS, Effect.ANSWER):
        return f"={value:04X}"
    if isinstance(value, Enum):
        return f"={value.value}"
    return "" if fault.effect is Effect.DROP and value == 1.0 else f"={value:g}"
