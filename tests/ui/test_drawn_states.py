"""Journeys into each drawn state of the worklist, looked at in both themes: words said, whole, legible."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLabel, QLineEdit, QWidget

from tests.support.worklist_scp import WorklistScp, soon
from tests.ui.desks import pause
from tests.ui.windows import PEER, Shown, free_port, peer_at, until, window_on
from upsdesk.domain import tags
from upsdesk.domain.criteria import Criteria
from upsdesk.domain.events import CancelRequested, StateReported
from upsdesk.domain.query import MatchingKey, SearchPlan
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Service, outcome
from upsdesk.services.commands import Claim
from upsdesk.services.flags import Mark, MarkKind, PendingAct
from upsdesk.ui import actions, theme
from upsdesk.ui.filters.bar_menus import MenuButton
from upsdesk.ui.status_bar import StatusItem
from upsdesk.ui.worklist.columns import Column
from upsdesk.ui.worklist.filter_bar import CountChip

S = ProcedureStepState
ONE, TWO, LATE, RUNNING, ENDED = "1.2.3.1", "1.2.3.2", "1.2.3.3", "1.2.3.4", "1.2.3.5"
_SHARP = 3
"""Drawn that many times as large, so that a stroke of a letter has pixels of its colour alone."""
_READ = (Column.STATE, Column.START, Column.DUE, Column.PATIENT, Column.PATIENT_ID, Column.BORN)


def _serve(server: WorklistScp) -> None:
    server.add(ONE, ScheduledProcedureStepStartDateTime=soon(5), ScheduledProcedureStepPriority="HIGH")
    server.add(TWO, PatientName="Novak^Jan", PatientID="PAT-2", ScheduledProcedureStepStartDateTime=soon(9))
    server.add(
        LATE, PatientName="Okafor^Chidi", PatientID="PAT-3", PatientBirthDate="19491102",
        ScheduledProcedureStepStartDateTime=soon(-38), InputReadinessState="INCOMPLETE",
    )  # fmt: skip
    server.add(
        RUNNING, PatientName="Hong^Gildong=洪^吉洞=홍^길동", PatientID="PAT-4", PatientBirthDate="19660211",
        ProcedureStepState="IN PROGRESS",
    )  # fmt: skip
    server.items[RUNNING].TransactionUID = "2.25.77"
    server.add(
        ENDED, PatientName="Weiß^Jürgen", PatientID="PAT-5", PatientBirthDate="19541230",
        ProcedureStepState="COMPLETED",
    )  # fmt: skip


# The states: each brings a window there and returns what has to be said.


async def _empty(shown: Shown) -> list[str]:
    return ["Nothing is scheduled today", "New workitem", "No workitem selected"]


async def _rows(shown: Shown) -> list[str]:
    desk, store = shown.desk, shown.desk.store
    await until(lambda: len(shown.rows()) == 5, "the rows")
    assert (await Claim(shown.key(ONE)).run(desk)).outcome is not None
    store.set_pending(shown.key(TWO), PendingAct(Action.START, desk.clock()))
    refused = outcome(Service.N_ACTION, 0xC301, 1)
    store.set_mark(shown.key(LATE), Mark(MarkKind.REFUSED, Action.START, refused, desk.clock()))
    desk.apply(CancelRequested(shown.key(ONE), desk.clock(), "RIS", "Patient went home", "Front desk"))
    shown.window.worklist.select(shown.key(LATE))
    words = [
        "Held by this desk",
        "RIS asks to cancel Novak, Jana",
        "Start was refused",
        "1 act needs attention",
    ]
    return [*words, "Okafor, Chidi", "PAT-3", "1949-11-02", "Starting…", "Overdue"]


async def _outside(shown: Shown) -> list[str]:
    panel = shown.window.worklist
    await until(lambda: len(shown.rows()) == 5, "the rows")
    panel.select(shown.key(RUNNING))
    panel.view.touch()
    panel.set_criteria(Criteria(states=frozenset({S.SCHEDULED})))
    shown.desk.apply(StateReported(shown.key(TWO), S.CANCELED, shown.desk.clock()))
    await until(lambda: not panel.bar.waiting.isHidden(), "the chip of changes")
    return ["In progress, outside this filter", "Hong, Gildong", "Scheduled"]


async def _no_match(shown: Shown) -> list[str]:
    shown.window.worklist.set_criteria(Criteria(text="zzyzx", states=frozenset({S.SCHEDULED})))
    return ["No workitem matches", "Text: “zzyzx”", "Search the server for “zzyzx”", "Reset filters"]


async def _limited(shown: Shown) -> list[str]:
    await shown.desk.worklist.ask(shown.peer, SearchPlan(limit=2))
    await until(lambda: shown.window.worklist.banner.title, "the banner")
    return ["Not all:", "The limit of this search was reached", "Narrow the search", "At most 2 rows"]


async def _ignored(shown: Shown) -> list[str]:
    key = MatchingKey((tags.PATIENT_NAME,), "Okafor*")
    await shown.desk.worklist.ask(shown.peer, SearchPlan(keys=(key,)))
    await until(lambda: len(shown.rows()) == 1, "the row that matches")
    return [
        "Asked of the server",
        "Patient's Name: Okafor*",
        "ignored your filter (Patient's Name)",
        "Change",
    ]


async def _stale(shown: Shown) -> list[str]:
    shown.window.worklist.reset_filters()
    await until(lambda: len(shown.rows()) == 5, "the rows")
    long_ago = shown.desk.clock() - timedelta(minutes=14)
    shown.desk.worklist.evidence(PEER).answered_at = long_ago
    await until(lambda: shown.window.worklist.banner.title, "the banner")
    return ["Stale: last read 14 min ago", "Stale", "Start, Complete and Cancel read the workitem first"]


async def _loading(shown: Shown) -> list[str]:
    assert shown.server is not None and shown.server.slowly is not None
    await until(shown.window.worklist.strip.isVisible, "the strip of a search that takes long")
    assert shown.window.worklist.view.is_loading
    return ["Searching Test server", "Stop", "Not read yet"]


async def _stopped(shown: Shown) -> list[str]:
    await _loading(shown)
    shown.press_button(actions.SEARCH)
    await until(lambda: shown.window.worklist.banner.title, "the banner")
    return ["Not all workitems are shown", "The search was stopped before its end."]


async def _refused(shown: Shown) -> list[str]:
    await until(lambda: "refused the search" in _said(shown.window), "the page")
    return ["Test server refused the search", "status A700", "Try again", "Edit server"]


async def _unreachable(shown: Shown) -> list[str]:
    await until(lambda: "could not be searched" in _said(shown.window), "the page")
    return ["Test server could not be searched", "nothing listens there", "Check host and port", "Try again"]


async def _first_start(shown: Shown) -> list[str]:
    return ["No worklist server yet", "Add server", "Try the sample worklist", "Nothing leaves this computer"]


Step = Callable[[Shown], Awaitable[list[str]]]
JOURNEYS: dict[str, tuple[Step, ...]] = {
    "no server": (_first_start,),
    "nothing listens": (_unreachable,),
    "refused": (_refused,),
    "slow": (_loading, _stopped),
    "empty": (_empty,),
    "list": (_rows, _outside, _no_match, _stale),
    "asked": (_limited, _ignored),
}


@asynccontextmanager
async def _opened(folder: Path, name: str) -> AsyncIterator[Shown]:
    size = (960, 540)
    if name in ("no server", "nothing listens"):
        peer = peer_at(free_port()) if name == "nothing listens" else None
        async with window_on(folder, peer, size=size) as shown:
            yield shown
        return
    with WorklistScp() as server:
        if name != "empty":
            _serve(server)
        if name == "refused":
            server.refuse["C-FIND"] = 0xA700
        if name == "slow":
            server.slowly = threading.Event()
            async with window_on(folder, peer_at(server.port, dimse=60), size=size) as shown:
                shown.server = server
                yield shown
                server.slowly.set()
                await shown.searched()
            return
        async with window_on(folder, server, size=size) as shown:
            yield shown


@pytest.mark.parametrize("name", JOURNEYS)
async def test_each_state_is_said_whole_and_legible_in_both_themes(tmp_path: Path, name: str) -> None:
    themes = [theme.load_theme(name) for name in theme.THEME_NAMES]
    async with _opened(tmp_path, name) as shown:
        for step in JOURNEYS[name]:
            wanted = await step(shown)
            themes.sort(key=lambda one: one != theme.current())  # to change it takes longest
            for one in themes:
                _apply(one)
                await pause(60)
                said = _said(shown.window)
                assert [words for words in wanted if words not in said] == [], said
                assert cut_words(shown.window) == []
                assert nameless(shown.window) == []
                picture = _picture(shown.window)
                assert _faint(shown.window, picture) == []
                assert _unread(shown, picture) == []
    _apply(theme.load_theme("light"))


def _apply(one: theme.Theme) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply_theme(app, one)


# What a person would see


def _seen(window: QWidget) -> Iterator[QWidget]:
    """What carries words and is in the window, not scrolled out of it."""
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and not widget.visibleRegion().isEmpty():
            yield widget


def _words_of(widget: QWidget) -> str:
    if isinstance(widget, CountChip | MenuButton):  # they draw their words themselves
        return widget.accessibleName()
    if isinstance(widget, StatusItem):
        return widget.text
    if isinstance(widget, QAbstractButton | QLabel):
        return str(widget.text()).replace("&&", "&").strip()
    return ""


def _said(window: QWidget) -> str:
    """All words in sight, those of the rows too."""
    words = [_words_of(widget) for widget in _seen(window)]
    views = [widget for widget in _seen(window) if isinstance(widget, QAbstractItemView)]
    for view in views:
        model = view.model()
        for row in range(min(model.rowCount(), 12)):
            words += [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
    return " | ".join(word for word in words if word)


def cut_words(window: QWidget) -> list[str]:
    """Words that do not have the room that they need."""
    found = []
    for widget in _seen(window):
        words = _words_of(widget)
        if not words:
            continue
        if isinstance(widget, QLabel) and widget.wordWrap():
            is_cut = widget.heightForWidth(widget.width()) > widget.height() + 1
        else:
            is_cut = widget.sizeHint().width() > widget.width() + 1
        if is_cut or (words.endswith("…") and isinstance(widget, QLabel) and "ing" not in words):
            found.append(words)
    return found


def nameless(window: QWidget) -> list[str]:
    """Controls that a screen reader could only call by their kind."""
    return [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in _seen(window)
        if isinstance(widget, QAbstractButton | QLineEdit | QAbstractItemView)
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not (widget.accessibleName() or _words_of(widget))
    ]


def _picture(window: QWidget) -> QImage:
    picture = QImage(window.size() * _SHARP, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(_SHARP)
    window.render(picture)
    return picture


def _contrast(picture: QImage, rect: QRect) -> float:
    """Of the colour that stands out most, of those that more than a few pixels have, against the ground."""
    part = picture.copy(QRect(rect.topLeft() * _SHARP, rect.size() * _SHARP)).convertToFormat(
        QImage.Format.Format_RGB32
    )
    colours = Counter(memoryview(part.constBits()).cast("B").cast("I"))
    (ground, _), *_ = colours.most_common(1)
    return max(_ratio(colour, ground) for colour, count in colours.items() if count >= 2 * _SHARP)


@cache
def _ratio(ink: int, ground: int) -> float:
    return theme.contrast(QColor.fromRgb(ink), QColor.fromRgb(ground))


def _faint(window: QWidget, picture: QImage) -> list[tuple[str, float]]:
    """Words that do not stand out from their ground by 4.5 : 1; what is disabled is exempt."""
    found = []
    for widget in _seen(window):
        if not _words_of(widget) or not widget.isEnabled() or widget.property("forbidden"):
            continue
        rect = widget.visibleRegion().boundingRect()
        if rect.height() < widget.fontMetrics().height():
            continue  # half out of sight below an edge
        contrast = _contrast(picture, rect.translated(widget.mapTo(window, QPoint(0, 0))))
        if contrast < 4.5:
            found.append((_words_of(widget), round(contrast, 2)))
    return found


def _unread(shown: Shown, picture: QImage) -> list[tuple[int, str, float]]:
    """Cells of the table with words that cannot be read."""
    view, model = shown.window.worklist.view, shown.window.worklist.model
    if not view.isVisible() or shown.window.worklist.page.isVisible():
        return []
    origin, found = view.viewport().mapTo(shown.window, QPoint(0, 0)), []
    for row in range(min(model.rowCount(), 5)):
        for column in _READ:
            index = model.index(row, column)
            rect = view.visualRect(index)
            if not index.data() or not view.viewport().rect().contains(rect):
                continue
            contrast = _contrast(picture, rect.adjusted(4, 3, -2, -3).translated(origin))
            if contrast < 4.5:
                found.append((row, str(index.data()), round(contrast, 2)))
    return found
