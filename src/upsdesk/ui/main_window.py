"""The main window: composes bars, table, panels and editor, and passes intents on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent

from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.state import Action
from upsdesk.ui import actions, window_state
from upsdesk.ui.actions import ActionSpec
from upsdesk.ui.opening import OpeningPage
from upsdesk.ui.window_parts import WindowParts

if TYPE_CHECKING:
    from pathlib import Path

    from upsdesk.domain.elements import Path as AttributePath
    from upsdesk.domain.keys import WorkitemKey
    from upsdesk.services.changes import ChangeSet
    from upsdesk.services.desk import Desk
    from upsdesk.services.session import Conductor
    from upsdesk.ui.new.maker import Maker
    from upsdesk.ui.out.outlet import Outlet
    from upsdesk.ui.worklist.columns import AnyColumn


class MainWindow(WindowParts):
    """One window on one desk; shows one peer at a time.

    It is seen before it can do anything: what it is made of takes longer to import than to be looked at, so
    that is imported by `fill`, and nothing of it at the top of this module.
    """

    closed = Signal()
    """The user closes the window and has answered what there was to ask."""
    sample_wanted = Signal()

    def __init__(self, folder: Path, peer: Peer | None) -> None:
        """The frame as it was left, with a page that says what is being opened: `peer`, or the program."""
        super().__init__()
        self._may_close = False
        self.is_closing = False
        """The user has closed the frame before it was filled."""
        self._is_filled = False
        self._state_kept = window_state.load(folder)
        self.setWindowTitle("UPS Desk")
        self.setMinimumSize(QSize(948, 500))
        self._opening = OpeningPage(self, peer)
        if not window_state.restore_place(self._state_kept, self):
            self.resize(1440, 900)

    def fill(self, desk: Desk, conductor: Conductor) -> None:
        """Put everything into the frame; to be called once."""
        from upsdesk.ui import icons, masking
        from upsdesk.ui.hiding import Hiding
        from upsdesk.ui.keys_back import KeysBack
        from upsdesk.ui.live_parts import LiveParts, Ways
        from upsdesk.ui.live_status import LiveStatus
        from upsdesk.ui.new.drop import DropTarget
        from upsdesk.ui.notices import Notices
        from upsdesk.ui.operators import OperatorChoice, Presence
        from upsdesk.ui.qa import Qa
        from upsdesk.ui.search_status import SearchStatus
        from upsdesk.ui.server_choice import ServerChoice

        masking.follow(desk.privacy)  # before anybody makes words
        self._desk = desk
        self._conductor = conductor
        self._is_filled = True
        self._keys_back = KeysBack(self)
        self.setWindowIcon(icons.icon("app", size=64))
        self._make_parts(desk)
        self._arrange()
        self._connect()
        self._servers = ServerChoice(self, desk, conductor, self.server_button, self._show_peer)
        self._operators = OperatorChoice(self, desk, self.operator_button)
        self._presence = Presence(self, desk.duty)
        self._live = LiveStatus(
            desk, conductor, self.top_bar.connection, self.top_bar.listener, self.status_bar
        )
        ways = Ways(self.show_item, self._leave_editor, self._servers.go_to)
        self.live_parts = LiveParts(
            desk, conductor, self.worklist, self.details, self.held_strip, self.status_bar, ways
        )
        self._search = SearchStatus(desk, conductor, self.worklist, self.top_bar)
        self.filters.ask_by(self._search.queries)
        self._search.queries.refused.connect(self.live_parts.tell)
        self._notices = Notices(desk, self.notice_stack, self._answer_request)
        DropTarget(self, lambda paths: self.maker.from_files(paths), self._takes_files)  # noqa: PLW0108
        self._notices.tell_left(self._show_held)
        self.qa = Qa(self, self.qa_band, desk, conductor)
        self._hiding = Hiding(self, desk, self._notices, self._leave_editor)
        self._forget = (
            desk.store.subscribe(self._store_changed),
            desk.qa.changed.add(self.show_transitions),
        )
        # First what was kept: the page without a server puts the panels away and remembers which were open.
        kept = self._state_kept
        if not window_state.restore_parts(kept, self, self.worklist, self.filters.keeper):
            self.panels.begin()
        self._show_peer(None)
        self._opening.hide()
        self._opening.deleteLater()

    def _connect(self) -> None:
        from upsdesk.ui.limit_menu import LimitMenu
        from upsdesk.ui.menus import fill_main_menu, fill_new_menu, make_actions
        from upsdesk.ui.refresh_menu import RefreshMenu

        self._actions = make_actions(self, self.trigger)
        panels = tuple(dock.toggleViewAction() for dock in self.panels.all)
        refresh = RefreshMenu(self._desk, self._actions[actions.PAUSE.id], self.top_bar.menu)
        limit = LimitMenu(self._desk.settings, self.top_bar.menu)
        limit.chosen.connect(lambda: self._do(actions.SEARCH))
        fill_main_menu(self.top_bar.menu, self._actions, (refresh, limit), panels, self._add_server)
        fill_new_menu(self.top_bar.new_menu, self._actions)
        self.top_bar.triggered.connect(self._do)
        self.top_bar.refused.connect(lambda _spec, why: self.details.set_reason(str(why)))
        self.worklist.current_changed.connect(self._current_changed)
        self.worklist.view.marking.changed.connect(lambda _count: self.show_transitions())
        self.worklist.activated.connect(self._show_details)
        self.worklist.context_menu_requested.connect(self._open_context_menu)
        self.worklist.search_requested.connect(lambda: self._do(actions.SEARCH))
        self.worklist.stop_requested.connect(lambda: self._do(actions.STOP))
        # `_search` is made after this.
        self.worklist.banner_pressed.connect(lambda: self._search.answer_banner())  # noqa: PLW0108
        self.worklist.new_requested.connect(lambda: self._do(actions.NEW))
        self.worklist.edit_peer_requested.connect(self._edit_server)
        self.worklist.view.in_sight.connect(self._desk.worklist.progress.show)
        self.worklist.paths_changed.connect(self._ask_for_paths)
        self.worklist.note_changed.connect(self.details.set_note)
        self.worklist.facets_changed.connect(lambda facets: self._live.set_shown(facets.shown))
        self.details.edit_requested.connect(lambda _key: self.trigger(actions.EDIT))
        self.activity.activated.connect(self.show_item)
        self.held_strip.all_wanted.connect(self._show_held)
        self.editor.closed.connect(self._editor_closed)
        self.first_start.add_server.connect(self._add_server)
        self.first_start.try_sample.connect(self.sample_wanted)
        self.first_start.identity_changed.connect(self._keep_identity)
        self.status_bar.attention_clicked.connect(self._show_attention)

    # Intents

    def trigger(self, spec: ActionSpec) -> None:
        """What a key or a menu entry does; the reason is shown when it is not possible."""
        if self.pages.currentWidget() is not self.worklist and spec not in actions.ON_EVERY_PAGE:
            return
        if spec is actions.ASK_TO_CANCEL and self.chosen.is_before_start():
            spec = actions.CANCEL_BEFORE_START
        if spec is actions.EDIT and (why := self.chosen.refusal(Action.EDIT)) is not None:
            self.details.set_reason(str(why))
        else:
            self.top_bar.trigger(spec)

    def _do(self, spec: ActionSpec) -> None:
        key, peer = self.worklist.current_key(), self._conductor.peer
        if spec in actions.NEEDS_NAMES and (hidden := self._desk.privacy.refusal) is not None:
            self.live_parts.tell(str(hidden))
        elif spec is actions.EDIT and key is not None:
            self._open_editor(lambda: self.editor.open_for(key))
        elif spec is actions.ASK_TO_CANCEL and self.chosen.are_several():
            self.chosen.ask_to_cancel()
        elif spec.transition is not None and key is not None:
            self.details.set_reason("")
            self.chosen.run(key, spec.transition, f"{spec.id} dialog")
        elif spec is actions.NEW and peer is not None:
            self._open_editor(lambda: self.editor.open_new(peer))
        elif spec in actions.MAKE:
            self.maker.acts()[spec.id]()
        elif spec in actions.OUT or spec is actions.SUPPORT:
            self.outlet.acts()[spec.id]()
        else:
            self._plain_actions().get(spec.id, lambda: None)()

    def _spawn(self, work: Coroutine[Any, Any, object], name: str) -> None:
        from upsdesk.ui.tasks import spawn

        spawn(work, name)

    def _plain_actions(self) -> dict[str, Callable[[], object]]:
        return {
            actions.SEARCH.id: self._search.start_or_stop,
            actions.ASK.id: self._search.queries.open,
            actions.STOP.id: self._search.stop,
            actions.FILTER.id: self.worklist.focus_filter,
            actions.NEXT_DUE.id: self.live_parts.select_next_due,
            actions.SILENT.id: self._show_silent,
            actions.HELD.id: self._show_held,
            actions.PAUSE.id: self.live_parts.pause_or_resume,
            actions.COLUMNS.id: self.worklist.choose_columns,
            actions.DETAILS.id: self.panels.details.show,
            actions.THEME.id: self._change_look,
            actions.HIDE.id: lambda: self._spawn(self._hiding.turn(), "hide names"),
            actions.QA.id: self.qa.begin_or_end,
            actions.HELP.id: lambda: self._help.open_page("worklist"),
            actions.SHORTCUTS.id: self._help.open_shortcuts,
            actions.ABOUT.id: self._help.open_about,
            actions.QUIT.id: self.close,
        }

    @cached_property
    def outlet(self) -> Outlet:
        """Export, copy, print; made when the first of them is asked for."""
        from upsdesk.ui.out.outlet import Outlet

        say = self.live_parts.announcer.say
        return Outlet(self, self._desk, self._conductor, self.worklist, self.notice_stack, say)

    @cached_property
    def maker(self) -> Maker:
        """Clones, templates, files; made when the first of them is asked for."""
        from upsdesk.ui.new.maker import Maker

        return Maker(
            self, self._desk, self._conductor, self.worklist, self._open_editor, self.live_parts.tell
        )

    def _takes_files(self) -> bool:
        is_open = self.pages.currentWidget() is self.worklist and not self._desk.privacy.is_hidden
        return is_open and self._conductor.peer is not None

    def _show_silent(self) -> None:
        from upsdesk.domain.criteria import Criteria

        self.worklist.set_criteria(Criteria(silent=True))

    def _show_held(self) -> None:
        from upsdesk.ui.held_sheet import HeldSheet

        if (hidden := self._desk.privacy.refusal) is not None:  # also when a notice asks for it
            self.live_parts.tell(str(hidden))
            return
        sheet = HeldSheet(self, self._desk)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _change_look(self) -> None:
        from upsdesk.ui.look import change_look

        change_look(self._desk.settings)

    # What follows from changes

    def _show_peer(self, peer: Peer | None) -> None:
        self.demo_band.setVisible(peer is not None and peer.use is PeerUse.DEMO)
        self.worklist.set_peer(peer)
        self.filters.set_peer(peer)
        self.details.set_key(None)
        self.pages.setCurrentWidget(self.worklist if peer is not None else self.first_start)
        if peer is not None:
            self.panels.bring_back()
            self.worklist.setFocus()
        else:
            self.panels.put_away()
            self.first_start.add_button.setFocus()
        self.top_bar.set_enabled({actions.SEARCH.id: peer is not None, actions.NEW.id: peer is not None})
        title = f"{peer.title} - UPS Desk" if peer is not None else "UPS Desk"
        self.setWindowTitle(f"DEMO - {title}" if peer is not None and peer.use is PeerUse.DEMO else title)
        self.show_transitions()

    def _add_server(self) -> None:
        self._servers.add()

    def _edit_server(self) -> None:
        if self._conductor.peer is not None:
            self._servers.edit(self._conductor.peer)

    def _current_changed(self, key: WorkitemKey | None) -> None:
        self.details.set_key(key)
        self.details.set_reason("")
        self.show_transitions()

    def _store_changed(self, changes: ChangeSet) -> None:
        key = self.worklist.current_key()
        if key is not None and (key in changes.updated or key in changes.removed or key in changes.inserted):
            self.show_transitions()

    def show_transitions(self) -> None:
        """Draw each transition as possible or not."""
        self.top_bar.show_refusals(self.chosen.refusal, before_start=self.chosen.is_before_start())

    def show_item(self, key: WorkitemKey) -> None:
        """Select a workitem and show its details; only ever because the user asked for it."""
        if self.pages.currentWidget() is self.editor:  # never two patients side by side
            self._spawn(self._leave_editor_for(key), "leave the editor")
            return
        self.worklist.select(key)
        self._show_details(key)

    async def _leave_editor_for(self, key: WorkitemKey) -> None:
        if await self._leave_editor():
            self.show_item(key)

    async def _leave_editor(self) -> bool:
        return self.pages.currentWidget() is not self.editor or await self.editor.leave()

    def _show_details(self, key: WorkitemKey) -> None:
        self.panels.details.show()
        self.panels.details.raise_()

    def _answer_request(self, key: WorkitemKey) -> None:
        if (hidden := self._desk.privacy.refusal) is not None:
            self.live_parts.tell(str(hidden))
            return
        peer = self._conductor.peer
        # A form that is open stays as it is, and so does the list of another server.
        if self.pages.currentWidget() is not self.editor and peer is not None and peer.id == key.peer:
            self.show_item(key)
        self.chosen.run(key, Action.CANCEL, "cancel dialog")

    def _ask_for_paths(self, paths: tuple[AttributePath, ...]) -> None:
        self._spawn(self._desk.worklist.ask_paths(self._conductor.peer, paths), "search for another column")

    def _show_attention(self) -> None:
        waiting = self._desk.attention()
        if waiting:
            self.show_item(waiting[0])

    def _open_context_menu(self, column: AnyColumn | None, at: QPoint) -> None:
        from upsdesk.ui.menus import row_menu

        before_start, correct = self.chosen.is_before_start(), self.maker.correct_refusal()
        menu = row_menu(self, self._actions, self.chosen.refusal, before_start=before_start, correct=correct)
        self.outlet.copying.add_cells(menu, column)
        menu.popup(at)

    def _keep_identity(self, name: str, station: str) -> None:
        self._desk.settings.save_desk(replace(self._desk.settings.desk, name=name, station=station))

    # Editor and closing

    def _open_editor(self, fill: Callable[[], None]) -> None:
        """The editor is a page over the table; notices stay visible above it."""
        if (hidden := self._desk.privacy.refusal) is not None:
            self.live_parts.tell(str(hidden))
            return
        fill()
        self.pages.setCurrentWidget(self.editor)
        self.top_bar.hide()
        self.panels.put_away()

    def _editor_closed(self, key: WorkitemKey | None) -> None:
        self.pages.setCurrentWidget(self.worklist)
        self.top_bar.show()
        self.panels.bring_back()
        if key is not None:
            self.worklist.select(key)
        self.worklist.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._is_filled:
            self._opening.setGeometry(self.rect())
        elif self.pages.currentWidget() is self.worklist:
            self.panels.fit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            super().closeEvent(event)
            return
        event.ignore()
        if self._is_filled:
            self._spawn(self._close_when_answered(), "closing")
        else:
            self.is_closing = True
            self.closed.emit()

    async def _close_when_answered(self) -> None:
        from upsdesk.ui.held_on_close import ask_before_closing

        if not await self.editor.may_close() or not await ask_before_closing(self, self._desk):
            return
        self.panels.show_wanted()
        window_state.save(self._desk.folder, self, self.worklist, self.filters.keeper)
        self.stop()
        self.closed.emit()

    def stop(self) -> None:
        """No new intents: timers and subscriptions end, the window may be closed."""
        self._may_close = True
        if not self._is_filled:
            return
        self._live.stop()
        self._search.stop_listening()
        self._notices.stop()
        self.live_parts.stop()
        self._servers.stop()
        self.filters.stop()
        self.qa.stop()
        self._hiding.stop()
        for forget in self._forget:
            forget()
