"""Two small sheets: the keys of the window, and what UPS Desk is."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from upsdesk import __version__
from upsdesk.ui import actions
from upsdesk.ui.dialog_frame import DialogFrame
from upsdesk.ui.fields import icon_label, label

_MORE_KEYS = (
    ("Alt+1 … Alt+9", "Put a saved filter in force, in the order of the list"),
    ("Enter", "Show the details of the selected workitem"),
    ("Esc", "Close a dialog, clear the filter, leave the editor"),
    ("Tab, Shift+Tab", "Go from one part of the window to the next"),
    ("Space", "Press the button that has the focus"),
)


class _Sheet(DialogFrame):
    """A sheet with one Close button."""

    def __init__(self, parent: QWidget, title: str, subtitle: str, *, demo: bool) -> None:
        super().__init__(parent, title, subtitle, demo=demo, width=560)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        self.foot.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


class ShortcutSheet(_Sheet):
    """Every key of the window, from the table of actions."""

    def __init__(self, parent: QWidget, *, demo: bool) -> None:
        super().__init__(parent, "Keyboard shortcuts", "All of UPS Desk works without a mouse.", demo=demo)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        rows = [(spec.shortcut, f"{spec.text}: {spec.tip}") for spec in actions.ALL if spec.shortcut]
        for line, (keys, words) in enumerate((*rows, *_MORE_KEYS)):
            grid.addWidget(label(keys, "mono", wrap=False), line, 0)
            grid.addWidget(label(words), line, 1)
        self.middle.addLayout(grid)


class AboutSheet(_Sheet):
    """Version, licence, and what UPS Desk is not."""

    def __init__(self, parent: QWidget, *, demo: bool) -> None:
        title = f"UPS Desk {__version__}"
        super().__init__(parent, title, "A worklist manager for the DICOM UPS.", demo=demo)
        self.middle.addWidget(icon_label("app", None, 64))
        self.middle.addWidget(
            label(
                "UPS Desk is not a medical device. Do not rely on it alone to identify a patient.", "strong"
            )
        )
        self.middle.addWidget(
            label(
                "It talks to the worklist servers that you add and to nothing else: no calls home. "
                "Patient data stays out of its logs."
            )
        )
        self.middle.addWidget(
            label(
                "MIT licence. The fonts in resources/fonts stand under the SIL Open Font License. "
                "Qt for Python stands under the LGPL.",
                "small",
            )
        )
        names = ("PySide6-Essentials", "pydicom", "pynetdicom", "qasync")
        from importlib.metadata import version

        parts = [f"{name} {version(name)}" for name in names]
        self.middle.addWidget(label(f"Python {platform.python_version()}, {', '.join(parts)}", "small"))
