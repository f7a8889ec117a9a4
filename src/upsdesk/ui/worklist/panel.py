"""The worklist as one widget: filter bar, banner, table, and what stands in place of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.status import Outcome
from upsdesk.services.search_state import SearchState
from upsdesk.ui import presenter, timers
from upsdesk.ui.filters.words import criteria_words
from upsdesk.ui.query.enter import landing
from upsdesk.ui.query.strip import AskedStrip
from upsdesk.ui.worklist import kept, pages
from upsdesk.ui.worklist.busy_sign import BusySign
from upsdesk.ui.worklist.columns import AnyColumn
from upsdesk.ui.worklist.context import WorklistContext
from upsdesk.ui.worklist.counting import Counting
from upsdesk.ui.worklist.facets import Facets
from upsdesk.ui.worklist.filter_bar import FilterBar
from upsdesk.ui.worklist.filtering import Criteria, Matcher
from upsdesk.ui.worklist.model import WorklistModel
from upsdesk.ui.worklist.notices import Banner, EmptyPage, SearchStrip
from upsdesk.ui.worklist.pages import Acts, Page
from upsdesk.ui.worklist.view import WorklistView

_TICK_MS = 1_000
_PATIENCE_MS = 400
"""A search that ends sooner is not worth a strip that comes and goes."""


class WorklistPanel(QFrame):
    """Reads the store of the desk; asks for searches and acts by signals."""

    current_changed = Signal(object)
    """WorkitemKey or None."""
    activated = Signal(object)
    context_menu_requested = Signal(object, QPoint)
    """As `WorklistView.menu_requested`."""
    search_requested = Signal()
    stop_requested = Signal()
    new_requested = Signal()
    edit_peer_requested = Signal()
    wide_search_requested = Signal(str)
    """Look for a text at the server, whatever the date."""
    plan_change_requested = Signal()
    """What the server is asked for shall be changed."""
    day_requested = Signal()
    """The day's list shall be asked for again."""
    banner_pressed = Signal()
    facets_changed = Signal(object)
    criteria_changed = Signal(object)
    paths_changed = Signal(object)
    """The paths that are columns: a server has to be asked for them."""
    note_changed = Signal(str)
    """What to say under the patient: that the selected row has left the view, and why."""

    def __init__(
        self,
        desk: WorklistContext,
        parent: QWidget | None = None,
        *,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "surface")
        self._desk = desk
        self._peer: Peer | None = None
        self._problem: Outcome | None = None
        self._is_searching = False
        self._was_searched = False
        self._searched = SearchState()
        self._note = ""
        self.model = WorklistModel(desk.store, desk.clock, desk.zone, self)
        self.view = WorklistView(self.model, self, clock=seconds)
        self.bar = FilterBar(self.model.rows_matching, self)
        self.banner = Banner(self)
        self.strip = SearchStrip(self)
        self.asked = AskedStrip(self)
        self.page = EmptyPage(self.view.viewport())
        self.page.hide()
        self.busy = BusySign(self.view, self.model)
        self.counting = Counting(self.model, self)
        self._build()
        self._connect()
        self.counting.now()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.asked)
        column.addWidget(self.banner)
        column.addWidget(self.view, 1)
        column.addWidget(self.strip)
        self.view.viewport().installEventFilter(self)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self.counting.counted.connect(self._counted)
        self._patience = timers.single(self, _PATIENCE_MS, self._lose_patience)
        self._minute = -1
        timers.repeating(self, _TICK_MS, self._tick).start()
        self.bar.criteria_wanted.connect(self.set_criteria)
        self.bar.resort_wanted.connect(self._resort)
        self.bar.columns_wanted.connect(self.choose_columns)
        self.bar.look_wanted.connect(self._show_look_menu)
        self.view.columns.menu_wanted.connect(self._show_header_menu)
        self.view.column_set.paths_changed.connect(self.paths_changed)
        self.bar.to_table.connect(self._enter_table)
        self.bar.field.entered.connect(self._enter)
        self.asked.filters_reset.connect(self.reset_filters)
        self.asked.wide_wanted.connect(self.wide_search_requested)
        self.view.current_changed.connect(self._current_changed)
        self.view.activated_key.connect(self.activated)
        self.view.menu_requested.connect(self.context_menu_requested)
        self.model.counts_changed.connect(self._counts_changed)
        self.model.waiting_changed.connect(self.bar.show_waiting)
        self.model.called_off.connect(self._called_off)
        self.strip.stop_pressed.connect(self.stop_requested)
        self.banner.pressed.connect(self.banner_pressed)
        self.destroyed.connect(self.model.close)

    def close_model(self) -> None:
        """Hear no more of the store; for a window that is closing."""
        self.counting.stop()
        self.model.close()

    # What the window tells

    def set_peer(self, peer: Peer | None) -> None:
        """Show the worklist of this server; nothing is selected in it."""
        self._peer = peer
        self._problem = None
        self._was_searched = False
        self.set_banner("", "", "", "")
        self.view.select(None)
        self.model.set_peer(peer.id if peer is not None else None)
        self.counting.now()

    def select(self, key: WorkitemKey | None) -> None:
        """Select a workitem, also one that the filter hides."""
        self.view.select(key)

    def chosen_keys(self) -> tuple[WorkitemKey, ...]:
        """The marked workitems that are shown, from above; without any, the selected one."""
        return tuple(self.view.marking.chosen())

    def current_key(self) -> WorkitemKey | None:
        return self.view.key

    def focus_filter(self) -> None:
        self.bar.field.setFocus()
        self.bar.field.selectAll()

    def set_searching(self, running: bool, rows: int = 0) -> None:
        """A search runs and has brought `rows` so far, or has ended."""
        if running and not self._is_searching:
            self.model.set_loading(not self.model.visible)
            self._patience.start()
        elif not running:
            self._patience.stop()
            self.strip.hide()
            self.model.set_loading(False)
            self._was_searched = self._was_searched or self._is_searching
        has_turned, self._is_searching = running is not self._is_searching, running
        name = self._peer.title if self._peer else "the server"
        so_far = f": {presenter.number_words(rows)} so far" if rows else "…"
        self.strip.show_words(f"Searching {name}{so_far}")
        is_loading = running and self.model.is_loading
        if is_loading is not self.view.is_loading:
            self.view.is_loading = is_loading
            self.view.viewport().update()
        if has_turned or not self.model.loaded:
            self._show_page()

    def _lose_patience(self) -> None:
        self.strip.setVisible(self._is_searching)

    def set_problem(self, outcome: Outcome | None) -> None:
        """Why the last search brought nothing; shown in place of rows only when there are none."""
        self._problem = outcome
        self._show_page()

    def set_banner(self, level: str, title: str, text: str, button: str, *, dims: bool = False) -> None:
        """A line above the rows, or none for an empty title. `dims` greys what may not be true any more."""
        icon = "clock-alert" if dims else "list-end"
        self.banner.show_words(level, title, text, button, icon)
        is_dimmed = dims and bool(title)
        if is_dimmed is not self.view.cells.is_dimmed:
            self.view.cells.is_dimmed = is_dimmed
            self.view.viewport().update()

    def tell_names(self, *, hidden: bool) -> None:
        """Names are hidden or shown from now on; so is what was typed to find one."""
        modes = QLineEdit.EchoMode
        self.bar.field.setEchoMode(modes.Password if hidden else modes.Normal)
        self.asked.tell_names(criteria_words(self.model.criteria))
        self.model.tell_names()
        self._show_page()

    # Filters

    def set_criteria(self, criteria: Criteria) -> None:
        """Filter by these; the controls follow."""
        self.bar.show_criteria(criteria)
        if criteria != self.model.criteria:
            if criteria.text != self.model.criteria.text:
                self.asked.offer_server("")
            self.model.set_criteria(criteria)
            self._tell_criteria()
            self.counting.by_other_criteria()
            self._show_page()

    def _tell_criteria(self) -> None:
        criteria = self.model.criteria
        self.asked.show_here(criteria_words(criteria))
        self.criteria_changed.emit(criteria)

    def _called_off(self) -> None:
        self.bar.show_criteria(self.model.criteria)
        self._tell_criteria()

    def reset_filters(self) -> None:
        self.set_criteria(Criteria())

    def _resort(self) -> None:
        self.model.arrange()
        self.view.setFocus()

    def _enter_table(self) -> None:
        self.view.setFocus()
        if self.model.visible and self.view.key not in self.model.row_of:
            # The person goes to the table by key: the first row is where the arrows start.
            self.view.select(self.model.visible[0])

    def _enter(self, is_scan: bool) -> None:
        """Enter in the filter field, typed or at the end of a bar code."""
        text = self.bar.field.text().strip()
        if not text:
            if not is_scan:
                self._enter_table()
            return
        self.set_criteria(replace(self.model.criteria, text=self.bar.field.text()))
        self.model.when_texts_are_ready(lambda: self._land(text, is_scan=is_scan))

    def _land(self, text: str, *, is_scan: bool) -> None:
        found = landing(self.model, text, is_scan=is_scan)
        if found.select is not None:
            self.view.select(found.select)
        self.asked.offer_server(text if found.offers_server else "")
        if found.to_table:
            self.view.setFocus()
        else:
            self.bar.field.selectAll()  # the next code takes the place of this one

    def show_search(self, state: SearchState) -> None:
        """What the server was asked for, and what came of it besides rows."""
        self._searched = state
        self.asked.show_state(state)
        self._show_page()

    # Columns and rows

    def choose_columns(self) -> None:
        """Open the sheet of columns."""
        from upsdesk.ui.worklist.column_chooser import ColumnChooser  # after the first paint

        is_demo = self._peer is not None and self._peer.use is PeerUse.DEMO
        ColumnChooser(self.window(), self.view.column_set, demo=is_demo).open()

    def _show_look_menu(self) -> None:
        from upsdesk.ui.worklist.view_menu import look_menu

        look_menu(self, self.view, self.choose_columns).popup(self.bar.menu_corner())

    def _show_header_menu(self, column: AnyColumn, at: QPoint) -> None:
        from upsdesk.ui.worklist.view_menu import header_menu

        header_menu(self, self.view, column, self.choose_columns).popup(at)

    # What changes

    def _current_changed(self, key: WorkitemKey | None) -> None:
        self._show_note()
        self.current_changed.emit(key)

    def _counts_changed(self) -> None:
        self._show_note()
        if self.model.visible:
            self._hide_page()
            height = len(self.model.visible) * self.view.row_height
            if self.view.is_loading and height < self.view.viewport().height():
                self.view.viewport().update()  # what stands for rows to come moves down

    def _counted(self, facets: Facets) -> None:
        self.bar.show_facets(facets)
        self.view.is_loading = self._is_searching and self.model.is_loading
        self._show_page()
        self.facets_changed.emit(facets)

    def _show_note(self) -> None:
        key = self.view.key
        note = ""
        if key is not None and not self._is_in_view(key):
            store, now = self._desk.store, self._desk.clock()
            is_held = store.is_held(key)
            note = presenter.outside_filter(store.get(key), now, self._desk.zone, is_held=is_held)
        if note != self._note:
            self._note = note
            self.note_changed.emit(note)

    def _is_in_view(self, key: WorkitemKey) -> bool:
        """The row is there, and would still be there after a re-sort."""
        row = self.model.row(key)
        if row is None or row.is_gone or key not in self.model.row_of:
            return False
        return Matcher(self.model.criteria, self._desk.clock(), self._desk.zone).matches(row)

    @property
    def note(self) -> str:
        return self._note

    def _tick(self) -> None:
        minute = self._desk.clock().minute
        if minute != self._minute:
            self._minute = minute
            self.model.tick()

    # In place of rows

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.view.viewport():
            self.page.setGeometry(self.view.viewport().rect())
        return super().eventFilter(watched, event)

    def _show_page(self) -> None:
        found = self._page()
        if found is None:
            self._hide_page()
        else:
            self.page.show_page(*found)
            self.page.setGeometry(self.view.viewport().rect())
            self.page.show()
        self._show_frame(has_rows=found is None or self.model.loaded > 0)

    def _hide_page(self) -> None:
        if not self.page.isHidden():
            self.page.hide()
            self.page.forget()
        self._show_frame(has_rows=True)

    def _show_frame(self, *, has_rows: bool) -> None:
        """Header and scroll bar belong to rows; a page that stands for all of them has neither."""
        header, policies = self.view.horizontalHeader(), Qt.ScrollBarPolicy
        policy = policies.ScrollBarAsNeeded if has_rows else policies.ScrollBarAlwaysOff
        # Qt lays everything out anew even when both are so already, and this is asked with every change.
        if header.isHidden() is has_rows:
            header.setVisible(has_rows)
        if self.view.horizontalScrollBarPolicy() != policy:
            self.view.setHorizontalScrollBarPolicy(policy)

    def _page(self) -> Page | None:
        """What stands in place of rows, which there are none of."""
        model = self.model
        if model.visible or (self._is_searching and not model.loaded):
            return None
        text = model.criteria.text.strip()
        acts = Acts(
            self.search_requested.emit,
            self.reset_filters,
            self.edit_peer_requested.emit,
            self.new_requested.emit,
            self.plan_change_requested.emit,
            self.day_requested.emit,
            lambda: self.wide_search_requested.emit(text),
        )
        if model.loaded:
            return pages.all_hidden(model.loaded, model.criteria, model.count_matching, self._searched, acts)
        searched = self._searched if self._was_searched else None
        return pages.nothing_loaded(self._peer, self._problem, searched, text, acts)

    # What is kept

    def save_state(self) -> dict[str, object]:
        """Columns, height of rows and sorting."""
        return kept.save(self.view, self.model)

    def restore_state(self, saved: Mapping[str, object]) -> None:
        """Take what `save_state` gave; what cannot be read stays at its default."""
        kept.restore(saved, self.view, self.model)
