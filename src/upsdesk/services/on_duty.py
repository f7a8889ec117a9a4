"""Who is at the desk: chosen from the kept list, and doubted after the desk was left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from upsdesk.domain.operators import Operator
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.settings import Settings

IDLE = timedelta(minutes=30)
"""Whoever comes to a desk that nobody has touched for so long may be another person."""


class OnDuty:
    """The operator of this run; kept in the desk's settings, and confirmed anew at each start."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._touched: datetime | None = None
        self._is_doubted = True
        self._pause: timedelta | None = None
        self._callbacks: Callbacks[[]] = Callbacks()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear when another one is chosen or the list changes; the result ends that."""
        return self._callbacks.add(callback)

    @property
    def known(self) -> tuple[Operator, ...]:
        """In the order in which they were added."""
        return self._settings.desk.operators

    @property
    def operator(self) -> Operator | None:
        """None: nobody has said who is here."""
        chosen = self._settings.desk.operator
        return next((one for one in self.known if one.name == chosen), None)

    @property
    def words(self) -> str:
        """The operator as the vault and the journal note it; empty when not set."""
        return self.operator.words if self.operator is not None else ""

    def choose(self, operator: Operator | None) -> None:
        """This person is here now; a new one joins the list. Raise OSError when that cannot be kept."""
        known = self.known
        if operator is not None:
            kept = tuple(operator if one.name == operator.name else one for one in known)
            known = kept if operator in kept else (*kept, operator)
        name = operator.name if operator is not None else ""
        self._settings.save_desk(replace(self._settings.desk, operators=known, operator=name))
        self.confirm()
        self._callbacks.tell()

    def forget(self, operator: Operator) -> None:
        """Take somebody off the list; what the journal says of that person stays."""
        desk = self._settings.desk
        known = tuple(one for one in desk.operators if one != operator)
        chosen = "" if desk.operator == operator.name else desk.operator
        self._settings.save_desk(replace(desk, operators=known, operator=chosen))
        self._callbacks.tell()

    def touch(self) -> None:
        """Somebody uses the desk. After a long pause that does not say who."""
        now = self._clock()
        self._look(now)
        self._touched = now

    def _look(self, now: datetime) -> None:
        if self._touched is not None and now - self._touched >= IDLE:
            self._is_doubted = True
            self._pause = now - self._touched

    @property
    def is_doubted(self) -> bool:
        """Before the next irreversible act somebody has to say that the operator is still the same."""
        self._look(self._clock())
        return self._is_doubted and self.operator is not None

    @property
    def pause(self) -> timedelta | None:
        """For how long nobody had touched the desk; None: the program was started since."""
        return self._pause

    def confirm(self) -> None:
        """The operator is the person who is here now."""
        self._touched = self._clock()
        self._is_doubted = False
