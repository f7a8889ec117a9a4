"""Export, copy, print and support file: what is taken, where it goes, and the line that names the file."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QUrl, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication, QPagedPaintDevice, QPdfWriter
from PySide6.QtWidgets import QDialog, QWidget

from upsdesk import __version__
from upsdesk.domain.peer import PeerUse
from upsdesk.services import export
from upsdesk.services.desk import Desk
from upsdesk.services.files import write_atomically
from upsdesk.services.session import Conductor
from upsdesk.services.support import Support, support_file
from upsdesk.services.threads import in_thread
from upsdesk.ui import actions, presenter, theme
from upsdesk.ui.dialogs import ask, finished
from upsdesk.ui.file_dialogs import ask_where_to_save, titled
from upsdesk.ui.filters.words import criteria_words
from upsdesk.ui.notice_bar import NoticeBar, NoticeStack
from upsdesk.ui.out import cells, sheet
from upsdesk.ui.out.copying import Copying
from upsdesk.ui.query.words import plan_words
from upsdesk.ui.tasks import in_slices, spawn
from upsdesk.ui.worklist.panel import WorklistPanel

Choose = Callable[[str, str, str], Awaitable[Path | None]]
"""Asks where to: title, proposed name, kind of file."""
_NOTICE = "saved"
_PARTS = ("PySide6-Essentials", "pydicom", "pynetdicom", "qasync", "platformdirs")
_JOURNAL_LINES = 500
_MANY_PAGES = 20
"""More are not put on paper by a slip of the hand."""


class Outlet:
    """The acts behind the menu. All of the demo's carry its words."""

    def __init__(
        self,
        window: QWidget,
        desk: Desk,
        conductor: Conductor,
        worklist: WorklistPanel,
        stack: NoticeStack,
        say: Callable[[str], None],
        *,
        choose: Choose | None = None,
    ) -> None:
        self._window = window
        self._desk = desk
        self._conductor = conductor
        self._worklist = worklist
        self._stack = stack
        self._say = say
        self._choose = choose or self._ask_where
        self.copying = Copying(worklist, desk.zone, lambda: self._is_demo, say)

    def acts(self) -> dict[str, Callable[[], object]]:
        """By the ids of their actions."""
        return {
            actions.COPY.id: self.copying.copy_rows,
            actions.COPY_UID.id: self.copying.copy_uids,
            actions.EXPORT_CSV.id: self.export_csv,
            actions.EXPORT_JSON.id: self.export_json,
            actions.SAVE_PDF.id: self.save_pdf,
            actions.PRINT.id: self.print_list,
            actions.SUPPORT.id: self.save_support,
        }

    def export_csv(self) -> None:
        """The shown rows and columns."""
        spawn(self._export_csv(), "export")

    def export_json(self) -> None:
        """The shown rows as full data sets, as far as they are known here."""
        spawn(self._export_json(), "export")

    def save_pdf(self) -> None:
        """The shown rows on pages, with server, filter and time."""
        spawn(self._save_pdf(), "pdf")

    def print_list(self) -> None:
        """The same pages on paper; many are asked for once more."""
        spawn(self._print(), "print")

    def save_support(self) -> None:
        spawn(self._save_support(), "support file")

    # What is taken

    @property
    def _is_demo(self) -> bool:
        peer = self._conductor.peer
        return peer is not None and peer.use is PeerUse.DEMO

    def _name(self, ending: str, what: str = "worklist") -> str:
        demo = "DEMO-" if self._is_demo else ""
        return f"{demo}{what}-{self._desk.clock().astimezone(self._desk.zone):%Y-%m-%d-%H%M}.{ending}"

    async def _export_csv(self) -> None:
        path = await self._choose("Export as CSV", self._name("csv"), "CSV (*.csv)")
        if path is None:
            return
        model = self._worklist.model
        columns = cells.shown_columns(self._worklist.view, model)
        is_demo = self._is_demo
        head, rows = await cells.table(model, columns, self._desk.zone)
        what = presenter.count_words(len(rows), "workitem")
        await self._write(path, lambda: export.csv_text(head, rows, demo=is_demo), what)

    async def _export_json(self) -> None:
        path = await self._choose("Export as DICOM JSON", self._name("json"), "DICOM JSON (*.json)")
        if path is None:
            return
        model = self._worklist.model
        rows = [model.row_at(at) for at in range(model.rowCount())]
        known = [(row.key.uid, row.workitem.data) for row in rows if row.workitem.data is not None]
        is_demo = self._is_demo
        what = presenter.count_words(len(known), "workitem")
        if len(known) < len(rows):
            what += f", {len(rows) - len(known)} without a data set left out"
        items = [(uid, data) for uid, data in known if data is not None]
        mask = self._desk.privacy.elements
        await self._write(path, lambda: export.json_text(items, demo=is_demo, mask=mask), what)

    async def _save_pdf(self) -> None:
        path = await self._choose("Save as PDF", self._name("pdf"), "PDF (*.pdf)")
        if path is None:
            return
        self._say(f"Saving {path.name}…")
        printed = await self.printed()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(buffer)
        writer.setTitle(printed.title)
        writer.setCreator(f"UPS Desk {__version__}")
        sheet.lay_out(writer)
        pages = sheet.Pages(writer, printed)
        await in_slices(pages.measure())
        await in_slices(pages.draw())
        data = bytes(buffer.data().data())
        told = (
            presenter.count_words(len(printed.rows), "workitem"),
            presenter.count_words(pages.count, "page"),
        )
        await self._write(path, lambda: data, f"{told[0]} on {told[1]}")

    async def _print(self) -> None:
        try:
            from PySide6.QtPrintSupport import QPrintDialog, QPrinter
        except ImportError:  # its system libraries can be missing; a PDF needs none of them
            self._say("Printing is not possible on this computer. Save as PDF instead.")
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        sheet.lay_out(printer)
        dialog = QPrintDialog(printer, self._window)
        dialog.setWindowTitle(titled("Print", demo=self._is_demo))
        QDialog.open(dialog)  # its own needs a slot
        if await finished(dialog):
            try:
                await self._print_on(printer)
            except OSError:
                self._say("The printer took nothing. Save as PDF instead.")
        dialog.deleteLater()

    async def _print_on(self, printer: QPagedPaintDevice) -> None:
        printed = await self.printed()
        pages = sheet.Pages(printer, printed)
        await in_slices(pages.measure())
        told = presenter.count_words(pages.count, "page")
        if pages.count > _MANY_PAGES and not await ask(
            self._window,
            f"Print {told}?",
            f"The list has {presenter.count_words(len(printed.rows), 'row')}. A filter makes it shorter.",
            yes=f"Print {told}",
            no="Do not print",
            demo=self._is_demo,
        ):
            return
        self._say(f"Printing {told}…")
        await in_slices(pages.draw())
        self._say(f"{told} sent to the printer.")

    async def printed(self) -> sheet.PrintedList:
        """The list as it is now, with filter, server and time."""
        desk, model, peer = self._desk, self._worklist.model, self._conductor.peer
        rows = [model.row_at(at) for at in range(model.rowCount())]
        now = desk.clock().astimezone(desk.zone)
        filters = " · ".join(criteria_words(model.criteria)) or "none, everything that is loaded"
        if not self._worklist.asked.plan.is_day:
            filters += f". Asked of the server: {' · '.join(plan_words(self._worklist.asked.plan))}"
        counts = f"{presenter.number_words(len(rows))} shown of {presenter.number_words(model.loaded)}"
        server = (
            f"Server: {peer.title} ({peer.address}), {peer.use.words}" if peer is not None else "No server"
        )
        lines = (server, f"Filter: {filters}", f"{counts}. {self._read_words(now)}")
        is_demo = self._is_demo
        head, texts = await cells.filled(model, rows, cells.shown_columns(self._worklist.view, model))
        return sheet.PrintedList(f"Worklist, {now:%Y-%m-%d %H:%M}", lines, head, texts, is_demo)

    def _read_words(self, now: datetime) -> str:
        peer = self._conductor.peer
        answered = self._desk.worklist.state(peer.id).answered_at if peer is not None else None
        if answered is None:
            return "Never read in full."
        return f"Last read in full {presenter.instant_words(answered, now, self._desk.zone)}."

    async def _save_support(self) -> None:
        path = await self._choose("Save support file", self._name("zip", "upsdesk-support"), "ZIP (*.zip)")
        if path is None:
            return
        desk = self._desk
        items = map(desk.store.get, desk.store.keys())
        patients = {item.patient for item in items if item is not None}
        entries = await in_thread(desk.desk_file.entries, "vault")
        journal = await in_thread(lambda: desk.desk_file.journal(limit=_JOURNAL_LINES), "journal")
        support = Support(
            desk.folder,
            _versions(),
            desk.gateway.messages(),
            journal,
            frozenset(patients | {entry.patient for entry in entries}),
            frozenset(str(entry.transaction_uid) for entry in entries),
        )
        what = "Versions, settings, log and messages, without patients and Transaction UIDs,"
        await self._write(path, lambda: support_file(support), what)

    # Where it goes

    async def _ask_where(self, title: str, name: str, kind: str) -> Path | None:
        return await ask_where_to_save(self._window, titled(title, demo=self._is_demo), name, kind)

    async def _write(self, path: Path, make: Callable[[], str | bytes], what: str) -> None:
        """Make the content and write it, both behind the window; then name the file, or say why not."""
        self._say(f"Saving {path.name}…")
        try:
            await in_thread(lambda: write_atomically(path, make()), "save")
        except OSError as error:
            reason = error.strerror or str(error)
            self._tell("error", "octagon-x", f"{path.name} was not saved: {reason}.", f"{path}", ())
            return

        def open_folder() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

        self._tell(
            "info", "save", f"{what} saved to {path.name}.", f"{path}", (("Open folder", open_folder),)
        )

    def _tell(
        self,
        level: str,
        icon: str,
        text: str,
        detail: str,
        buttons: tuple[tuple[str, Callable[[], None]], ...],
    ) -> None:
        close = ("Close", lambda: self._stack.take(_NOTICE))
        self._stack.put(_NOTICE, NoticeBar(level, icon, text, detail, (*buttons, close)))
        self._say(text)


def _versions() -> tuple[tuple[str, str], ...]:
    parts = []
    for name in _PARTS:
        try:
            parts.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            parts.append((name, "not installed"))
    screens = ", ".join(
        f"{screen.size().width()}x{screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    )
    return (
        ("UPS Desk", __version__),
        ("Python", platform.python_version()),
        ("System", platform.platform()),
        ("Byte order", sys.byteorder),
        ("Qt", qVersion()),
        ("Qt platform", QGuiApplication.platformName()),
        ("Screens", screens),
        ("Look", theme.current().name),
        *parts,
    )
