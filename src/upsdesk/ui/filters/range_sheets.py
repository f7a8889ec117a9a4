"""The sheets that ask for a range of the planned start: hours around now, or dates and times."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from PySide6.QtCore import QDate, QDateTime, Qt, QTime
from PySide6.QtGui import QTextCharFormat
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCalendarWidget,
    QDateTimeEdit,
    QGridLayout,
    QSpinBox,
    QToolButton,
    QWidget,
)

from upsdesk.domain.criteria import FIRST_YEAR, LAST_YEAR, MOST_HOURS, AnySpan, Hours, Period, Span
from upsdesk.ui import icons, theme
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.fields import FieldMessage, label

_FORMAT = "yyyy-MM-dd HH:mm"
_DATE_WIDTH = 190
_DAYS = {Span.THREE_DAYS: 3, Span.WEEK: 7}


def period_of(span: AnySpan, now: datetime, zone: tzinfo) -> Period:
    """What a range is at this moment in dates and times: the whole days of it, where it has such."""
    if isinstance(span, Period):
        return span
    here = now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0, fold=0)
    if isinstance(span, Hours) or span is Span.HOUR:
        hours = span if isinstance(span, Hours) else Hours(1, 1)
        return Period(here - timedelta(hours=hours.before), here + timedelta(hours=hours.after))
    last = here.date() + timedelta(days=_DAYS.get(span, 1) - 1)
    return Period(datetime.combine(here.date(), time()), datetime.combine(last, time(23, 59)))


class _RangeSheet(ConfirmDialog):
    """Two boxes under one another, from and until."""

    def __init__(self, parent: QWidget | None, explains: str, *, demo: bool) -> None:
        super().__init__(
            parent,
            "Planned start",
            explains,
            yes="Show",
            no="Discard",
            enter_confirms=True,
            demo=demo,
            width=440,
        )
        self.message = FieldMessage()

    def _lay_out(self, lines: tuple[tuple[str, QAbstractSpinBox], ...]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for line, (words, box) in enumerate(lines):
            grid.addWidget(label(words), line, 0)
            grid.addWidget(box, line, 1)
            theme.inset(box)
        grid.setColumnStretch(2, 1)
        self.middle.addLayout(grid)
        self.middle.addWidget(self.message)


class HoursSheet(_RangeSheet):
    """Asks for a range of hours around now."""

    def __init__(self, parent: QWidget | None, hours: Hours, *, demo: bool) -> None:
        super().__init__(parent, "The range moves on with the clock.", demo=demo)
        self.before = self._hours("Hours before now", hours.before)
        self.after = self._hours("Hours after now", hours.after)
        self._lay_out((("From, before now", self.before), ("Until, after now", self.after)))
        self.confirmed.connect(self._try)

    def _hours(self, name: str, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, MOST_HOURS)
        box.setValue(value)
        box.setSuffix(" h")
        box.setAccessibleName(name)
        return box

    def first_focus(self) -> QWidget:
        return self.before

    @property
    def hours(self) -> Hours:
        """What was chosen, once it was accepted."""
        return Hours(self.before.value(), self.after.value())

    def _try(self) -> None:
        if self.before.value() or self.after.value():
            self.accept()
        else:
            self.message.warn("At least one of them is more than 0.")


class PeriodSheet(_RangeSheet):
    """Asks for dates and times, which stay what they are."""

    def __init__(self, parent: QWidget | None, period: Period, *, demo: bool) -> None:
        super().__init__(
            parent,
            "Applied here, to what is loaded. The range stays as it is; Search for… asks the server.",
            demo=demo,
        )
        self.start = self._moment("Planned from", period.start)
        self.end = self._moment("Planned until", period.end)
        self._lay_out((("From", self.start), ("To, this minute included", self.end)))
        for box in (self.start, self.end):
            box.dateTimeChanged.connect(lambda _at: self.message.say(""))
        self.confirmed.connect(self._try)

    def _moment(self, name: str, value: datetime) -> QDateTimeEdit:
        box = QDateTimeEdit()
        box.setDisplayFormat(_FORMAT)
        box.setDateRange(QDate(FIRST_YEAR, 1, 1), QDate(LAST_YEAR, 12, 31))
        box.setDateTime(QDateTime(QDate(value.year, value.month, value.day), QTime(value.hour, value.minute)))
        box.setCalendarPopup(True)
        _dress(box.calendarWidget())
        box.setFixedWidth(_DATE_WIDTH)
        box.setAccessibleName(name)
        box.setAccessibleDescription(
            "Year, month, day, hour and minute; the arrows change the one at the cursor"
        )
        return box

    def first_focus(self) -> QWidget:
        return self.start

    @property
    def period(self) -> Period:
        """What was chosen, once it was accepted."""
        return Period(_value(self.start), _value(self.end))

    def _try(self) -> None:
        if _value(self.end) < _value(self.start):
            self.message.warn("The end is before the start.")
            self.end.setFocus()
        else:
            self.accept()


def _dress(calendar: QCalendarWidget) -> None:
    """In our colours: Qt's own arrows are black, and its weekends red, which means overdue here."""
    plain = QTextCharFormat()
    plain.setForeground(theme.current().text)
    for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
        calendar.setWeekdayTextFormat(day, plain)
    calendar.setGridVisible(False)
    calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
    for name, icon in (("qt_calendar_prevmonth", "arrow-left"), ("qt_calendar_nextmonth", "arrow-right")):
        button = calendar.findChild(QToolButton, name)
        if button is not None:
            icons.set_icon(button, icon)


def _value(box: QDateTimeEdit) -> datetime:
    day, at = box.date(), box.time()
    return datetime.combine(date(day.year(), day.month(), day.day()), time(at.hour(), at.minute()))
