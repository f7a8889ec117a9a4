"""The help window: the pages of resources/help, the same that can be read on the web."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from upsdesk import resources
from upsdesk.ui import theme
from upsdesk.ui.demo_band import DemoBand

PAGES: tuple[tuple[str, str], ...] = (
    ("worklist", "The worklist"),
    ("searching", "Searching"),
    ("filters", "Filters"),
    ("columns", "Columns"),
    ("your-server", "Your own server"),
    ("start-to-complete", "From start to complete"),
    ("create-and-edit", "Create and edit"),
    ("live-updates", "Live updates"),
    ("names-hidden", "Names hidden"),
    ("qa-mode", "QA mode"),
    ("keyboard", "Keyboard"),
    ("command-line", "Command line"),
    ("scp", "The embedded worklist server"),
    ("scp-choices", "What the server decides"),
    ("scp-faults", "Faults on purpose"),
)


class HelpWindow(QDialog):
    """A list of pages at the left, the page at the right. Not modal: it is read while working."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("UPS Desk help")
        self.resize(860, 600)
        self._list = QListWidget()
        self._list.setAccessibleName("Help pages")
        self._list.setFixedWidth(220)
        for name, title in PAGES:
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, name)
            self._list.addItem(item)
        self._page = QTextBrowser()
        self._page.setAccessibleName("Help page")
        self._page.setOpenLinks(False)
        self._page.anchorClicked.connect(self._follow)
        self._page.document().setDocumentMargin(20)
        self._band = DemoBand()
        self._band.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._band)
        row = QHBoxLayout()
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(12)
        row.addWidget(self._list)
        row.addWidget(self._page, 1)
        column.addLayout(row, 1)
        self._list.currentItemChanged.connect(lambda item: self._show(item.data(Qt.ItemDataRole.UserRole)))
        theme.notifier().changed.connect(self._restyle)
        self._restyle()

    def open_page(self, name: str) -> None:
        """Show the window at one page."""
        names = [page for page, _ in PAGES]
        self._list.setCurrentRow(names.index(name) if name in names else 0)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_demo(self, is_demo: bool) -> None:
        """Whether the band of the demo stands on top."""
        self._band.setVisible(is_demo)

    def _show(self, name: str) -> None:
        self._page.setMarkdown(resources.read_text("help", f"{name}.md"))

    def _follow(self, url: QUrl) -> None:
        """Links between pages are followed; nothing outside is opened from here."""
        name = url.fileName().removesuffix(".md")
        if name in dict(PAGES):
            self.open_page(name)

    def _restyle(self) -> None:
        colours = theme.current()
        self._page.document().setDefaultStyleSheet(
            f"a {{ color: {colours.accent.name()}; }} code {{ color: {colours.text.name()}; }}"
        )
        item = self._list.currentItem()
        if item is not None:
            self._show(item.data(Qt.ItemDataRole.UserRole))
