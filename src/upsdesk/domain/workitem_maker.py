"""How thousands of workitems are made of answers in little time: no more is read than rows show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from upsdesk.domain.codes import Code
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import Answers, InputReadiness, Priority, Unread, Workitem

WorkitemMaker = Callable[
    [
        WorkitemKey,
        bytes,
        ProcedureStepState | None,
        Priority | None,
        InputReadiness | None,
        tuple[Code, ...],
        float,
        float,
        float,
    ],
    Workitem,
]
"""Takes key, encoded answer, state, priority, readiness, stations, starts_at, due_at and expires_at."""


class _Begun(Unread):
    """A workitem while it is made: it lies in memory as one does, and its columns can be set."""

    __slots__ = Workitem.__slots__


def workitem_maker(answers: Answers) -> WorkitemMaker:
    """What makes workitems of answers of which no more is read than a list needs of every row at once.

    They equal what `first_read` makes of them. It takes a tenth of the time, which counts for thousands.
    """

    def make(
        key: WorkitemKey,
        answer: bytes,
        state: ProcedureStepState | None,
        priority: Priority | None,
        readiness: InputReadiness | None,
        stations: tuple[Code, ...],
        starts_at: float,
        due_at: float,
        expires_at: float,
    ) -> Workitem:
        made: Any = _Begun()
        made._answers = answers
        made._answer = answer
        made.key = key
        made.state = state
        made.priority = priority
        made.readiness = readiness
        made.stations = stations
        made.starts_at = starts_at
        made.due_at = due_at
        made.expires_at = expires_at
        made.__class__ = Workitem
        finished: Workitem = made
        return finished

    return make
