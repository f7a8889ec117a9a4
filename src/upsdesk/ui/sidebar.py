"""The sidebar: saved filters, and which starts, stations and inputs are shown, each with its count."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from upsdesk.domain.codes import Code
from upsdesk.domain.criteria import Criteria
from upsdesk.domain.workitem import InputReadiness
from upsdesk.ui import icons, theme
from upsdesk.ui.filters.check_list import CheckList, Entry
from upsdesk.ui.filters.editing import FilterEditing
from upsdesk.ui.filters.filter_list import FilterList
from upsdesk.ui.filters.followed import FollowedGroup
from upsdesk.ui.filters.keeper import FilterKeeper
from upsdesk.ui.filters.span_group import SpanGroup
from upsdesk.ui.filters.words import NO_STATION, readiness_words
from upsdesk.ui.worklist.facets import Facets
from upsdesk.ui.worklist.looks import INPUT_LOOKS
from upsdesk.ui.worklist.panel import WorklistPanel


class Sidebar(QFrame):
    """Shows what a keeper has in force on a worklist, and narrows it. This desk's station comes first."""

    def __init__(
        self,
        keeper: FilterKeeper,
        panel: WorklistPanel,
        editing: FilterEditing,
        own_station: Callable[[], Code | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._own_station = own_station
        self._criteria = panel.model.criteria
        self._facets = panel.model.facets()
        self.setProperty("surface", "panel")
        self.setProperty("edge", "right")
        self.setFixedWidth(theme.GRID.sidebar)
        self.setAccessibleName("Saved filters and filters")
        self.list = FilterList(keeper)
        self.spans = SpanGroup()
        self.stations = CheckList("Station")
        self.inputs = CheckList("Inputs")
        self.followed = FollowedGroup()
        self._make_foot(editing)
        self._lay_out()
        self.list.save_wanted.connect(editing.save_as_new)
        self.list.rename_wanted.connect(editing.rename)
        self.spans.chosen.connect(lambda span: self._narrow(replace(self._criteria, span=span)))
        self.stations.chosen.connect(lambda choice: self._narrow(replace(self._criteria, stations=choice)))
        self.inputs.chosen.connect(lambda choice: self._narrow(replace(self._criteria, inputs=choice)))
        self.followed.criteria_wanted.connect(self._narrow)
        panel.facets_changed.connect(self.show_facets)
        panel.criteria_changed.connect(self.show_criteria)
        keeper.changed.connect(self._show_foot)
        self.show_criteria(panel.model.criteria)
        self._show_foot()

    def _make_foot(self, editing: FilterEditing) -> None:
        self.save_button = self._foot_button("Save", "save", editing.save)
        self.reset_button = self._foot_button("Reset", "rotate-ccw", self._keeper.reset)
        self._foot = QFrame()
        self._foot.setProperty("surface", "panel")
        self._foot.setProperty("edge", "top")
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(2)
        row.addWidget(self.save_button, 1)
        row.addWidget(self.reset_button, 1)

    def _foot_button(self, words: str, icon: str, act: object) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", "quiet")
        button.setAutoDefault(False)
        icons.set_icon(button, icon, "accent" if icon == "save" else None)
        button.clicked.connect(act)
        return button

    def _lay_out(self) -> None:
        inner = QFrame()
        inner.setProperty("surface", "panel")
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 10)
        column.setSpacing(2)
        for part in (self.list, self.spans, self.stations, self.inputs, self.followed):
            column.addWidget(part)
        column.addStretch(1)
        self._inner = inner
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 1, 0)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(self._foot)

    def show_facets(self, facets: Facets) -> None:
        """Counts of what passes the other filters."""
        self._facets = facets
        self.followed.show_facets(facets)
        self.stations.show_entries(self._station_entries())
        self.inputs.show_entries(self._input_entries())

    def _station_entries(self) -> dict[Hashable, Entry]:
        """This desk's first; one that was chosen and is not loaded, too."""
        station = self._own_station()
        own = station.value if station is not None else None
        counts = dict.fromkeys(self._criteria.stations.values, 0) | self._facets.stations
        names = sorted(counts, key=lambda name: (name != own, not name, name.casefold()))
        return {name: Entry(name or NO_STATION, counts[name]) for name in names}

    def _input_entries(self) -> dict[Hashable, Entry]:
        counts = dict.fromkeys(self._criteria.inputs.values, 0) | self._facets.inputs
        order: tuple[InputReadiness | None, ...] = (*InputReadiness, None)
        return {
            one: Entry(readiness_words(one), counts[one], *(INPUT_LOOKS[one] if one else ("", "")))
            for one in order
            if one in counts
        }

    def show_criteria(self, criteria: Criteria) -> None:
        """Make the controls say what is in force."""
        self._criteria = criteria
        self.spans.show_span(criteria.span)
        self.stations.show_choice(criteria.stations)
        self.inputs.show_choice(criteria.inputs)
        self.followed.show_criteria(criteria)
        self.show_facets(self._facets)

    def _narrow(self, criteria: Criteria) -> None:
        self._keeper.narrow(criteria)

    def _show_foot(self) -> None:
        """Save and Reset are there while there is something to save."""
        name = self._keeper.current.name
        self._foot.setVisible(self._keeper.is_changed)
        into = "as a new filter" if self._keeper.current.is_built_in else f"in “{name}”"
        self.save_button.setToolTip(f"Keep what is shown now {into}")
        self.save_button.setAccessibleName(f"Save {into}")
        self.reset_button.setToolTip(f"Back to “{name}” as it was saved")
        self.reset_button.setAccessibleName(f"Reset to {name}")

    def whole_height(self) -> int:
        """The height at which nothing has to be scrolled."""
        foot = self._foot.sizeHint().height() if not self._foot.isHidden() else 0
        return self._inner.sizeHint().height() + foot

    def sizeHint(self) -> QSize:
        return QSize(theme.GRID.sidebar, 400)
