"""The one table of what the window can do: text, tip, shortcut, icon, and which transition it is."""

from __future__ import annotations

from dataclasses import dataclass

from upsdesk.domain.state import Action


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action of menus, buttons and shortcuts."""

    id: str
    text: str
    tip: str
    icon: str
    shortcut: str = ""
    transition: Action | None = None
    """Set for acts on the selected workitem: `domain.state.refusal` decides whether it is possible."""


SEARCH = ActionSpec("search", "Search", "Read the worklist from the server", "search", "F5")
ASK = ActionSpec(
    "ask", "Search for…", "Choose what the server is asked for: states, any attribute, a limit", "send",
    "Ctrl+Shift+F",
)  # fmt: skip
STOP = ActionSpec("stop", "Stop", "End the search; the rows that came stay", "octagon-x")
NEW = ActionSpec("new", "New", "Create a workitem", "plus", "Ctrl+N")
CLONE = ActionSpec(
    "clone", "New like this", "Create a workitem like the selected one, for the same patient and request",
    "copy", "Ctrl+D",
)  # fmt: skip
CORRECT = ActionSpec(
    "correct", "Correct patient or request",
    "Replace the selected workitem by a new one: these facts cannot be changed in place", "repeat",
)  # fmt: skip
FROM_TEMPLATE = ActionSpec(
    "from-template", "New from template", "Create a workitem after a template", "list-checks", "Ctrl+Shift+N"
)
SAVE_TEMPLATE = ActionSpec(
    "save-template", "Save as template", "Keep the work of the selected workitem, without the patient", "save"
)
FROM_FILES = ActionSpec(
    "from-files",
    "Create from files",
    "Create workitems from DICOM files, DICOM JSON or CSV",
    "inbox",
    "Ctrl+O",
)
START = ActionSpec("start", "Start", "Start this workitem at this desk", "play", "Alt+S", Action.START)
PROGRESS = ActionSpec("progress", "Progress", "Report how far it is", "gauge", "Alt+P", Action.PROGRESS)
COMPLETE = ActionSpec(
    "complete", "Complete", "Finish this workitem; this is final", "circle-check", "Alt+C", Action.COMPLETE
)
CANCEL = ActionSpec(
    "cancel", "Cancel item", "End this workitem without completing it; this is final", "circle-slash",
    "Alt+X", Action.CANCEL,
)  # fmt: skip
CANCEL_BEFORE_START = ActionSpec(
    "cancel-before-start", "Cancel before start", "Call off what nobody has started; this is final",
    "hand", "Alt+K", Action.CANCEL_BEFORE_START,
)  # fmt: skip
ASK_TO_CANCEL = ActionSpec(
    "ask-to-cancel", "Ask to cancel", "Ask the system that works on it to cancel", "hand", "Alt+K",
    Action.ASK_TO_CANCEL,
)  # fmt: skip
EDIT = ActionSpec("edit", "Edit", "Change this workitem", "square-pen", "Ctrl+E", Action.EDIT)
DETAILS = ActionSpec("details", "Show details", "Show the details of the selected workitem", "info")
FILTER = ActionSpec("filter", "Filter", "Type to filter the list", "filter", "Ctrl+F")
NEXT_DUE = ActionSpec(
    "next-due", "Next due", "Select the earliest workitem of this desk's station that can be started",
    "locate", "Ctrl+J",
)  # fmt: skip
SILENT = ActionSpec(
    "silent", "Silent for 4 h", "List what is In progress and has not been heard of for 4 hours",
    "clock-alert",
)  # fmt: skip
HELD = ActionSpec(
    "held", "Held here…", "What this desk holds: hand it over, take over, forget a key", "key-round",
    "Ctrl+Shift+H",
)  # fmt: skip
PAUSE = ActionSpec(
    "pause", "Pause or resume", "Stop searching by itself, or begin again; updates still come in", "pause",
    "Shift+F5",
)  # fmt: skip
COPY = ActionSpec("copy", "Copy rows", "Copy the shown cells of the selected rows", "copy", "Ctrl+C")
COPY_UID = ActionSpec(
    "copy-uid", "Copy UIDs", "Copy the SOP Instance UIDs of the selected rows", "copy", "Ctrl+Shift+C"
)
EXPORT_CSV = ActionSpec("export-csv", "Export as CSV", "Save the shown rows and columns", "save", "Ctrl+S")
EXPORT_JSON = ActionSpec(
    "export-json", "Export as DICOM JSON", "Save the shown workitems as whole data sets", "braces"
)
SAVE_PDF = ActionSpec("save-pdf", "Save as PDF", "Save the list with filter and time", "save")
PRINT = ActionSpec("print", "Print", "Print the list with filter and time", "list-end", "Ctrl+P")
SUPPORT = ActionSpec(
    "support", "Save support file", "Versions, settings, log and messages, without patient data",
    "package-check",
)  # fmt: skip
COLUMNS = ActionSpec("columns", "Columns", "Choose the columns of the list", "columns-3")
THEME = ActionSpec(
    "theme", "Light or dark", "Change between the light and the dark look", "sun-moon", "Ctrl+L"
)
HELP = ActionSpec("help", "Help", "Read the help for this window", "book-open", "F1")
SHORTCUTS = ActionSpec(
    "shortcuts", "Keyboard shortcuts", "List the keys of this window", "list-end", "Ctrl+/"
)
QA = ActionSpec(
    "qa", "QA mode", "Send what is asked without checks, to test a server; again ends it", "shield-alert"
)
HIDE = ActionSpec(
    "hide-names", "Hide or show names",
    "Mask names and IDs of patients on the screen and in files; meanwhile nothing is changed", "eye-off",
    "Ctrl+Shift+M",
)  # fmt: skip
ABOUT = ActionSpec("about", "About UPS Desk", "Version, licence, and what it is not", "info")
QUIT = ActionSpec("quit", "Quit", "Close UPS Desk", "x", "Ctrl+Q")

ALL: tuple[ActionSpec, ...] = (
    SEARCH, ASK, STOP, NEW, CLONE, CORRECT, FROM_TEMPLATE, SAVE_TEMPLATE, FROM_FILES,
    START, PROGRESS, COMPLETE, CANCEL, CANCEL_BEFORE_START, ASK_TO_CANCEL, EDIT,
    DETAILS, FILTER, NEXT_DUE, SILENT, HELD, PAUSE, COPY, COPY_UID, EXPORT_CSV, EXPORT_JSON, SAVE_PDF,
    PRINT, SUPPORT, COLUMNS, THEME, HIDE, QA, HELP, SHORTCUTS, ABOUT, QUIT,
)  # fmt: skip
ON_EVERY_PAGE = (SEARCH, STOP, HELD, PAUSE, SUPPORT, THEME, HIDE, HELP, SHORTCUTS, ABOUT, QUIT)
"""All others act on the list or on what is selected in it, so they wait until it is in view."""
TRANSITIONS = tuple(spec for spec in ALL if spec.transition is not None and spec is not EDIT)
MAKE = (CLONE, CORRECT, FROM_TEMPLATE, SAVE_TEMPLATE, FROM_FILES)
"""What makes workitems and templates out of others."""
OUT = (COPY, COPY_UID, EXPORT_CSV, EXPORT_JSON, SAVE_PDF, PRINT)
"""What leaves the window with the list."""
NEEDS_NAMES = frozenset({*TRANSITIONS, *MAKE, EDIT, NEW, HELD, ASK, QA})
"""What is done to a patient, or shows what was typed to find one: it waits while names are hidden."""
