"""The table itself: selection by key, where the eye was, when the order must not move, and its columns."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.ui import timers
from upsdesk.ui.worklist.column_set import ColumnSet
from upsdesk.ui.worklist.columns import AnyColumn
from upsdesk.ui.worklist.density import Density
from upsdesk.ui.worklist.marking import Marking
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.ordering import Sorting
from upsdesk.ui.worklist.painted import PaintedTable
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.widths import ColumnWidths

TOUCH_SECONDS = 10.0
_WATCH_MS = 500
_SCROLL_STEP = 60


class WorklistView(PaintedTable):
    """Shows the model. The selected key is kept apart from the rows: it stays when its row leaves."""

    current_changed = Signal(object)
    """WorkitemKey or None; only by the person's hand, or by `select`."""
    activated_key = Signal(object)
    menu_requested = Signal(object, QPoint)
    """The column under the pointer, or None by key; and where."""

    def __init__(
        self,
        model: WorklistModel,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(model, parent)
        self._clock = clock
        self._key: WorkitemKey | None = None
        self._is_moving_rows = False
        self._anchor: tuple[WorkitemKey, int] | None = None
        self._touched_at = float("-inf")
        self._is_pointer_inside = False
        self._watch = timers.repeating(self, _WATCH_MS, self.update_freeze)
        self._set_up(model)

    @property
    def is_filling(self) -> bool:
        """Whether the rows of a first search come in: what can wait shall do so."""
        return self._model.is_loading

    def _set_up(self, model: WorklistModel) -> None:
        self.setAccessibleName("Worklist")
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumSize(200, 80)
        self.widths = ColumnWidths(self, model, self.cells, self.columns)
        self.column_set = ColumnSet(model, self.columns, self.widths)
        self.marking = Marking(self, model)
        self.cells.is_marked = model.is_marked = lambda key: key in self.marking.keys
        self.columns.sort_wanted.connect(self.sort)
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.doubleClicked.connect(self._activate_index)
        model.order_changes.connect(self._remember_place)
        model.order_changed.connect(self._restore_place)
        model.modelReset.connect(self._model_was_reset)

    # Selection

    @property
    def key(self) -> WorkitemKey | None:
        """The selected workitem, in the table or not."""
        return self._key

    def select(self, key: WorkitemKey | None) -> None:
        """Select a workitem alone; its row is scrolled into view when there is one."""
        self.marking.clear()
        self.move_to(key)

    def move_to(self, key: WorkitemKey | None) -> None:
        """As `select`, whatever else is marked."""
        changed = key != self._key
        self._key = self.cells.selected = key
        self._show_selection()
        row = self._model.row_of.get(key) if key is not None else None
        if row is not None:
            self.scrollTo(self._model.index(row, self._first_column()))
        if changed:
            self.current_changed.emit(key)

    def _show_selection(self) -> None:
        """Make Qt's selection follow the key, without anybody taking that for a choice."""
        was, self._is_moving_rows = self._is_moving_rows, True
        row = self._model.row_of.get(self._key) if self._key is not None else None
        if row is None:
            self.selectionModel().clear()
        elif self.currentIndex().row() != row or not self.selectionModel().isRowSelected(row, QModelIndex()):
            column = max(0, self.currentIndex().column())
            self.selectionModel().setCurrentIndex(
                self._model.index(row, column),
                self.selectionModel().SelectionFlag.ClearAndSelect | self.selectionModel().SelectionFlag.Rows,
            )
        self._is_moving_rows = was
        self.viewport().update()

    def _selection_changed(self) -> None:
        if self._is_moving_rows:
            return
        rows = self.selectionModel().selectedRows()
        if not rows:
            # A click beside the rows or with Ctrl takes no patient out of view.
            self._show_selection()
            return
        key = self._model.visible[rows[0].row()]
        if key != self._key:
            self.marking.clear()
            self._key = self.cells.selected = key
            self.viewport().update()
            self.current_changed.emit(key)

    def rowsAboutToBeRemoved(self, parent: QModelIndex | QPersistentModelIndex, start: int, end: int) -> None:
        # Qt would select a neighbour of a removed row: another patient.
        if start <= self.currentIndex().row() <= end:
            was, self._is_moving_rows = self._is_moving_rows, True
            self.selectionModel().clear()
            self._is_moving_rows = was
        super().rowsAboutToBeRemoved(parent, start, end)

    def _model_was_reset(self) -> None:
        self._show_selection()

    # Where the eye was

    def _remember_place(self) -> None:
        self._is_moving_rows = True
        row = self._model.row_of.get(self._key) if self._key is not None else None
        if row is None or not self._is_in_sight(row):
            row = self.rowAt(0)
        self._anchor = (self._model.visible[row], self.rowViewportPosition(row)) if row >= 0 else None

    def _restore_place(self) -> None:
        self._is_moving_rows = False
        self.executeDelayedItemsLayout()  # the scroll bar must know the new length first
        self._show_selection()
        anchor, self._anchor = self._anchor, None
        row = self._model.row_of.get(anchor[0]) if anchor else None
        if anchor is not None and row is not None and self.verticalScrollBar().value() > 0:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.rowViewportPosition(row) - anchor[1])
        self.viewport().update()

    # When the order must not move

    def touch(self) -> None:
        """The hand is at the table: keep the order for a while."""
        self._touched_at = self._clock()
        self.update_freeze()
        self._watch.start()

    def update_freeze(self) -> None:
        """Tell the model whether rows may move by themselves."""
        is_touched = self._clock() - self._touched_at < TOUCH_SECONDS
        frozen = is_touched or self._is_pointer_inside or self.hasFocus() or _dialog_is_open()
        self._model.set_frozen(frozen)
        if frozen:
            self._watch.start()
        elif not self._model.waiting:
            self._watch.stop()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update_freeze()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update_freeze()
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.Enter, QEvent.Type.HoverEnter):
            self._is_pointer_inside = True
            self.update_freeze()
        elif kind in (QEvent.Type.Leave, QEvent.Type.HoverLeave):
            self._is_pointer_inside = False
            self._set_hovered(-1)
            self.update_freeze()
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hovered(self.rowAt(round(event.position().y())))
        if not self.marking.drag(event):
            super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.touch()
        if not self.marking.press(event):
            super().mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.touch()
        super().wheelEvent(event)

    # Keys and menus

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.touch()
        key = event.key()
        if self.marking.key(event) or (key == Qt.Key.Key_Escape and self._model.call_off()):
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._key is not None:
                self.activated_key.emit(self._key)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() + (_SCROLL_STEP if key == Qt.Key.Key_Right else -_SCROLL_STEP))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and self._model.visible:
            self.select(self._model.visible[0 if key == Qt.Key.Key_Home else -1])
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Typed letters select nothing: a bar code scanned here must not pick a patient."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            if self._key is not None:
                row = self._model.row_of.get(self._key, 0)
                at = QPoint(40, self.rowViewportPosition(row) + self.row_height)
                self.menu_requested.emit(None, self.viewport().mapToGlobal(at))
        elif index.isValid():
            self.menu_requested.emit(self._model.column_at(index.column()), event.globalPos())

    def _activate_index(self, index: QModelIndex) -> None:
        if index.isValid():
            self.activated_key.emit(self._model.visible[index.row()])

    # Columns

    @property
    def sorting(self) -> Sorting:
        return self._model.sorting

    def sort(self, column: AnyColumn, add: bool = False) -> None:
        """Sort by a column alone, or with `add` by it too; again turns it round."""
        self.touch()
        self._model.sort_by(column, add=add)
        self.columns.viewport().update()

    def set_sorting(self, sorting: Sorting) -> None:
        self.touch()
        self._model.set_sorting(sorting)
        self.columns.viewport().update()

    def set_density(self, density: Density) -> None:
        """Another height of the rows; what was in sight stays there."""
        if density is self.density:
            return
        chosen = self._model.row_of.get(self._key) if self._key is not None else None
        was_in_sight = chosen is not None and self._is_in_sight(chosen)
        self._remember_place()
        self.cells.set_density(density)
        self._set_row_height()
        self.widths.measure_again()
        self._restore_place()
        if chosen is not None and was_in_sight:
            self.scrollTo(self._model.index(chosen, self._first_column()))
        self._look_soon()

    def row_of(self, key: WorkitemKey) -> Row | None:
        """The prepared row of a workitem, shown or not."""
        return self._model.row(key)

    def _first_column(self) -> int:
        return self.columns.logicalIndexAt(0) if self.columns.count() else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.widths.fit()
        self._look_soon()


def _dialog_is_open() -> bool:
    app = QApplication.instance()
    return isinstance(app, QApplication) and (
        app.activeModalWidget() is not None or app.activePopupWidget() is not None
    )
