"""A sheet over a transition dialog that fills one part of it; it sends nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from upsdesk.ui import theme
from upsdesk.ui.dialogs import ConfirmDialog
from upsdesk.ui.patient_banner import PatientBanner
from upsdesk.ui.transitions.base import TransitionDialog


class PartDialog(ConfirmDialog):
    """Shows the patient of the dialog that it belongs to; Enter takes what was filled over."""

    def __init__(
        self, owner: TransitionDialog, title: str, subtitle: str, *, yes: str, icon: str, width: int = 640
    ) -> None:
        super().__init__(
            owner,
            title,
            subtitle,
            yes=yes,
            no="Discard",
            icon=icon,
            enter_confirms=True,
            demo=owner.is_demo,
            width=width,
        )
        banner = PatientBanner()
        layout = banner.layout()
        if layout is not None:
            layout.setContentsMargins(theme.GRID.dialog_padding - 4, 11, theme.GRID.dialog_padding, 11)
        banner.set_patient(owner.workitem.patient, large=False)
        self.fixed.addWidget(banner)
        self.confirmed.connect(self.accept)

    def first_focus(self) -> QWidget:
        return self.no_button
