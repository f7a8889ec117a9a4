"""The system's dialogs for files: where to save, and what to open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from upsdesk.domain.peer import DEMO_WORDS
from upsdesk.ui.dialogs import finished


def titled(title: str, *, demo: bool) -> str:
    """A dialog of the system has no band: its title says it."""
    return f"{DEMO_WORDS}: {title}" if demo else title


async def ask_where_to_save(parent: QWidget, title: str, name: str, kind: str) -> Path | None:
    """`name` is proposed, in the home folder; its ending is added to what has none. None: not to be saved."""
    dialog = QFileDialog(parent, title, str(Path.home() / name), kind)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setLabelText(QFileDialog.DialogLabel.Reject, "Do not save")
    dialog.setDefaultSuffix(Path(name).suffix[1:])
    chosen = await _chosen(dialog)
    return chosen[0] if chosen else None


async def ask_what_to_open(
    parent: QWidget, title: str, kinds: str, mode: QFileDialog.FileMode, *, no: str = ""
) -> list[Path]:
    """Files or a folder, by `mode`; `no` is on the button that chooses nothing."""
    dialog = QFileDialog(parent, title, str(Path.home()), kinds)
    dialog.setFileMode(mode)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, mode is QFileDialog.FileMode.Directory)
    if no:
        dialog.setLabelText(QFileDialog.DialogLabel.Reject, no)
    return await _chosen(dialog)


async def _chosen(dialog: QFileDialog) -> list[Path]:
    dialog.open()
    is_chosen = await finished(dialog)
    found = [Path(name) for name in dialog.selectedFiles()] if is_chosen else []
    dialog.deleteLater()
    return found
