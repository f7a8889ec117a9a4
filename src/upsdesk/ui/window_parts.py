"""What the main window is made of, and where each part of it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMainWindow, QStackedWidget

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk


class WindowParts(QMainWindow):
    """The parts are made and arranged here; what they do to each other is the main window's.

    Nothing of them is imported before they are made: the empty frame is seen first.
    """

    def _make_parts(self, desk: Desk) -> None:
        from upsdesk.ui.activity.panel import ActivityPanel
        from upsdesk.ui.chosen import Chosen
        from upsdesk.ui.demo_band import DemoBand
        from upsdesk.ui.details.panel import DetailsPanel
        from upsdesk.ui.editor.page import EditorPage
        from upsdesk.ui.filters.window_filters import WindowFilters
        from upsdesk.ui.held_strip import HeldStrip
        from upsdesk.ui.help.shelf import HelpShelf
        from upsdesk.ui.notice_bar import NoticeStack
        from upsdesk.ui.operator_button import OperatorButton
        from upsdesk.ui.qa import QaBand
        from upsdesk.ui.servers.first_start import FirstStartPage
        from upsdesk.ui.servers.server_button import ServerButton
        from upsdesk.ui.status_bar import StatusBar
        from upsdesk.ui.top_bar import TopBar
        from upsdesk.ui.worklist.panel import WorklistPanel

        self.server_button = ServerButton(desk)
        self.operator_button = OperatorButton(desk.duty)
        self.top_bar = TopBar(self.server_button, self.operator_button)
        self.notice_stack = NoticeStack()
        self.held_strip = HeldStrip(desk)
        self.demo_band = DemoBand()
        self.qa_band = QaBand()
        self._help = HelpShelf(self, self.demo_band.isVisible)
        self.worklist = WorklistPanel(desk)
        self.chosen = Chosen(self, desk, self.worklist)
        self.details = DetailsPanel(desk)
        self.activity = ActivityPanel(desk)
        self.filters = WindowFilters(self, desk, self.worklist, self.demo_band.isVisible)
        self.editor = EditorPage(desk)
        self.first_start = FirstStartPage(desk.settings.desk.name, desk.settings.desk.station)
        self.status_bar = StatusBar()

    def _arrange(self) -> None:
        from upsdesk.ui.docks import Panels
        from upsdesk.ui.fields import one_below_another
        from upsdesk.ui.status_bar import Bottom

        self.setMenuWidget(one_below_another(self.demo_band, self.qa_band, self.top_bar, self.notice_stack))
        self.pages = QStackedWidget()
        for page in (self.first_start, self.worklist, self.editor):
            self.pages.addWidget(page)
        self.setCentralWidget(one_below_another(self.held_strip, self.pages))
        self.setStatusBar(Bottom(self.status_bar))
        self.panels = Panels(self, self.filters.sidebar, self.details, self.activity)
        self.filters.follow(self.panels.filters)
