"""How UPS Desk looks: palette, fonts, metrics and the one style sheet of the application.

Widgets do not carry style sheets of their own. They say what they are by dynamic properties, which
the style sheet (``resources/themes/desk.qss``) reads; ``set_property`` sets one and repaints:

======================  ==========================================================================
Property                Meaning
======================  ==========================================================================
``role="primary"``      QPushButton, QToolButton: filled with the accent; one per page or dialog
``role="quiet"``        flat, no border (the default of QToolButton; icons in bars)
``role="raised"``       QToolButton with the ground and border of a QPushButton
``role="chip"``         pill, 26 px high, checkable; with ``level`` it takes that level's ground
``role="danger"``       outlined in the error colour, never filled
``role="link"``         accent text without a border
``role="nav"``          flat row of a sidebar, left-aligned, checkable, selection ground when checked
``forbidden="true"``    any button: drawn as disabled, still takes the focus and shows the ring
``invalid="true"``      any field: error border
``changed="true"``      any field: accent border (a value that would be sent)
``caption="true"``      QLabel: 11 px, text 3
``small="true"``        QLabel: 12 px, text 2
``strong="true"``       QLabel: weight 600
``heading="true"``      QLabel: 15 px, weight 600
``title="true"``        QLabel: 18 px, weight 600
``hero="true"``         QLabel: 20 px, weight 600 (the patient's name in dialogs)
``mono="true"``         QLabel, fields: the mono family, 12 px
``tone="..."``          QLabel: colour only: ``text_2 text_3 disabled accent scheduled in_progress
                        completed canceled error high warning``
``level="..."``         QFrame, QLabel, chips: ``warning error info success``: ground and border, and for
                        labels and chips the colour of the text too (labels inside a levelled frame
                        keep their own colour; give them ``tone``)
``surface="..."``       any widget: ground ``chrome panel surface raised banner card inset``. A plain
                        QWidget also needs ``setAttribute(WA_StyledBackground)``; a QFrame does not.
                        ``card`` has a border and radius 8, ``inset`` is a grey box of radius 8, ``banner``
                        has the 4 px accent bar on its left
``edge="top|bottom|left|right"``  any of those: one line on that side
``rule="true"``         QFrame: one pixel high line (``vrule`` for one pixel wide)
======================  ==========================================================================

A spin box also wants ``inset(spin_box)``. A view inside a combo box follows by itself.

Every control that takes the focus shows a ring of 2 px in the focus colour. Views that paint
their rows (the worklist) draw theirs themselves. Widgets that paint read ``current()`` at paint time; those
that keep pictures listen to ``notifier().changed``. ``icons.set_icon`` does that for buttons, actions and
labels.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from string import Template
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QWidget

from upsdesk import resources

THEME_NAMES = ("light", "dark")
SANS_STACK = (
    "Inter",
    "Segoe UI Variable Text",
    "Segoe UI",
    "SF Pro Text",
    "Helvetica Neue",
    "UPS Desk CJK",
    "UPS Desk Arabic",
    "UPS Desk Hebrew",
    "UPS Desk Thai",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
)
MONO_STACK = (
    "JetBrains Mono",
    "Cascadia Mono",
    "SF Mono",
    "Menlo",
    "Consolas",
    "UPS Desk CJK",
    "DejaVu Sans Mono",
)


class Grid(NamedTuple):
    """Lengths in device-independent pixels, all but the bars' heights on steps of 4."""

    step: int = 4
    gap: int = 8
    panel_padding: int = 16
    dialog_padding: int = 24
    top_bar: int = 52
    button: int = 30
    field: int = 28
    chip: int = 26
    header: int = 28
    status_bar: int = 25
    radius_pill: int = 4
    radius_button: int = 6
    radius_card: int = 8
    radius_dialog: int = 12
    row_compact: int = 24
    row_normal: int = 28
    row_comfortable: int = 36
    sidebar: int = 160
    details: int = 308
    icon: int = 16
    icon_row: int = 14
    icon_small: int = 12
    focus_ring: int = 2


class TypeScale(NamedTuple):
    """Font sizes in pixels at 100 %, and weights."""

    caption: int = 11
    table: int = 12
    body: int = 13
    heading: int = 15
    title: int = 18
    hero: int = 20
    regular: int = 400
    medium: int = 500
    semibold: int = 600


GRID = Grid()
TYPE = TypeScale()


class Theme(NamedTuple):
    """One palette. Every field but ``name`` and ``dark`` is a colour; see ``resources/themes/*.toml``.

    A tuple, as a dataclass of so many fields takes 5 ms to define, at every start.
    """

    name: str
    dark: bool
    chrome: QColor
    panel: QColor
    surface: QColor
    raised: QColor
    line: QColor
    line_strong: QColor
    field_border: QColor
    text: QColor
    text_2: QColor
    text_3: QColor
    disabled: QColor
    accent: QColor
    on_accent: QColor
    focus: QColor
    selection: QColor
    banner: QColor
    scheduled: QColor
    in_progress: QColor
    completed: QColor
    canceled: QColor
    error: QColor
    error_ground: QColor
    high: QColor
    warning: QColor
    warning_ground: QColor
    flash: QColor
    track: QColor
    qa_frame: QColor
    hover: QColor
    pressed: QColor
    accent_hover: QColor
    accent_pressed: QColor
    warning_line: QColor
    error_line: QColor
    flash_row: QColor
    completed_ground: QColor
    removed_ground: QColor
    disabled_ground: QColor
    segment: QColor
    scroll_handle: QColor
    tooltip: QColor
    tooltip_text: QColor

    def colour(self, role: str) -> QColor:
        """The colour of a role by name. Raises KeyError for a name that is no role."""
        if role not in colour_roles():
            raise KeyError(f"{role!r} is no colour of the theme")
        return QColor(getattr(self, role))


@cache
def colour_roles() -> tuple[str, ...]:
    """The names of all colours of a theme."""
    return tuple(name for name in Theme._fields if name not in ("name", "dark"))


class Notifier(QObject):
    """Holds the theme in use, and tells widgets that keep coloured pictures when it is another one."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.theme = load_theme("light")
        self.applied: Theme | None = None
        """That of all styles; `theme` alone is that of a first picture."""


@cache
def notifier() -> Notifier:
    """The one notifier; made on first use."""
    return Notifier()


def current() -> Theme:
    """The theme applied last; the light one before any was."""
    return notifier().theme


@cache
def load_theme(name: str) -> Theme:
    """Read ``resources/themes/<name>.toml``.

    Raises FileNotFoundError for an unknown theme, ValueError when a colour is missing, unknown or invalid.
    """
    data = tomllib.loads(resources.read_text("themes", f"{name}.toml"))
    values: dict[str, str] = {**data["roles"], **data["derived"]}
    wrong = set(values) ^ set(colour_roles())
    if wrong:
        raise ValueError(f"Theme {name}: missing or unknown colours: {', '.join(sorted(wrong))}.")
    colours = {role: QColor(text) for role, text in values.items()}
    invalid = sorted(role for role, colour in colours.items() if not colour.isValid())
    if invalid:
        raise ValueError(f"Theme {name}: not a colour: {', '.join(invalid)}.")
    return Theme(name=data["name"], dark=data["dark"], **colours)


_FIRST_OF_OTHER_SCRIPTS = "\u0590"
_FIRST_FONTS = ("Inter-Regular.otf", "Inter-SemiBold.otf")
_loaded: dict[str, tuple[str, ...]] = {}
"""The families of each file that Qt has by now."""


def load_fonts_for(words: str) -> None:
    """Register what these words need: little, unless in scripts of Asia; raises as `load_fonts`."""
    if any(letter >= _FIRST_OF_OTHER_SCRIPTS for letter in words):
        load_fonts()
    for name in _FIRST_FONTS:
        _load(resources.path("fonts", name))


def load_fonts() -> tuple[str, ...]:
    """Register the fonts of ``resources/fonts`` with Qt, each once; returns the families.

    Call it after the application exists. Raises RuntimeError naming a file that Qt refuses.
    """
    families: dict[str, None] = {}
    for file in sorted(resources.path("fonts").glob("*.[ot]tf")):
        families.update(dict.fromkeys(_load(file)))
    return tuple(families)


def _load(file: Path) -> tuple[str, ...]:
    if file.name not in _loaded:
        number = QFontDatabase.addApplicationFont(str(file))
        if number < 0:
            raise RuntimeError(f"The font {file.name} cannot be read by Qt.")
        _loaded[file.name] = tuple(QFontDatabase.applicationFontFamilies(number))
    return _loaded[file.name]


def font(size: int = TYPE.body, weight: int = TYPE.regular, *, mono: bool = False) -> QFont:
    """A font of the house: pixel size, weight 400 to 600, digits of equal width."""
    return QFont(_made_font(size, weight, mono))  # shares what is known of it; the caller may change it


@cache
def _made_font(size: int, weight: int, mono: bool) -> QFont:
    made = QFont()
    made.setFamilies(list(MONO_STACK if mono else SANS_STACK))
    made.setPixelSize(size)
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def use(theme: Theme) -> None:
    """Make this the theme of what is painted, before any widget has a style; `apply_theme` does the rest."""
    notifier().theme = theme


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the whole application this theme; call it again at run time to change it."""
    if theme is notifier().applied and theme is notifier().theme:
        return
    notifier().theme = notifier().applied = theme
    if not app.styleSheet():
        # Only once: with a style sheet the name of the style is empty, and each change would make a new one.
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))
    notifier().changed.emit()


def palette(theme: Theme) -> QPalette:
    """The QPalette of a theme, for everything that the style sheet leaves to Fusion."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.surface,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.panel,
        role.Text: theme.text,
        role.PlaceholderText: theme.text_3,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.text,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.ToolTipBase: theme.tooltip,
        role.ToolTipText: theme.tooltip_text,
        role.Light: theme.line,
        role.Midlight: theme.line,
        role.Mid: theme.line_strong,
        role.Dark: theme.line_strong,
        role.Shadow: theme.line_strong,
        role.Accent: theme.accent,
    }
    made = QPalette()
    for which, colour in colours.items():
        made.setColor(QPalette.ColorGroup.All, which, colour)
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, which, theme.disabled)
    return made


def style_sheet(theme: Theme) -> str:
    """The application's style sheet in the colours of a theme."""
    values = {role: theme.colour(role).name() for role in colour_roles()}
    values["mono"] = ", ".join(f'"{family}"' for family in MONO_STACK)
    for file in sorted(resources.path("themes", theme.name).glob("*.svg")):
        values[file.stem.replace("-", "_")] = f'url("{file.as_posix()}")'
    return Template(resources.read_text("themes", "desk.qss")).substitute(values)


def set_property(widget: QWidget, name: str, value: str | bool) -> None:
    """Set a dynamic property and let the style sheet see it at once."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def inset(spin_box: QAbstractSpinBox) -> None:
    """Keep the text of a spin box off its border: Qt ignores the style sheet's padding there."""
    spin_box.lineEdit().setTextMargins(GRID.step + 2, 0, 0, 0)


def contrast(a: QColor, b: QColor) -> float:
    """The contrast of two opaque colours, 1.0 to 21.0 (WCAG 2.1, relative luminance)."""
    brighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    weights = ((0.2126, colour.redF()), (0.7152, colour.greenF()), (0.0722, colour.blueF()))
    return sum(weight * _linear(channel) for weight, channel in weights)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
