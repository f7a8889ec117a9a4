"""What a data set still lacks: for N-CREATE, and for the final states (PS3.4 Table CC.2.5-3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.state import ProcedureStepState


@dataclass(frozen=True, slots=True)
class Need:
    """One attribute that is asked for: where it stands, its names, and whether it is there."""

    path: Path
    keyword: str
    words: str
    is_met: bool
    only_if_known: bool = False
    """RC: needed when it is known; that it is not known may be said."""
    may_be_empty: bool = False
    is_demanded: bool = False
    """This peer has refused the final state for the lack of it before, whatever the table says."""


@dataclass(frozen=True, slots=True)
class _Rule:
    path: Path
    words: str
    only_if_known: bool = False
    may_be_empty: bool = False


_PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE

_FINAL_RULES: dict[ProcedureStepState, tuple[_Rule, ...]] = {
    ProcedureStepState.COMPLETED: (
        _Rule((_PERFORMED, tags.PERFORMED_STATION_NAME_CODE_SEQUENCE), "Performed station"),
        _Rule((_PERFORMED, tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME), "Performed start"),
        _Rule((_PERFORMED, tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME), "Performed end"),
        _Rule((_PERFORMED, tags.PERFORMED_WORKITEM_CODE_SEQUENCE), "Performed work type"),
        _Rule((_PERFORMED, tags.OUTPUT_INFORMATION_SEQUENCE), "Output", may_be_empty=True),
        _Rule((_PERFORMED, tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE), "Human performer", only_if_known=True),
    ),
    ProcedureStepState.CANCELED: (
        _Rule(
            (_PROGRESS, tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE),
            "Reason for the cancellation",
        ),
        _Rule((_PROGRESS, tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME), "Time of the cancellation"),
    ),
}


def final_needs(
    state: ProcedureStepState, elements: Elements, demanded: Collection[Path] = ()
) -> tuple[Need, ...]:
    """What `state` (a final one) needs, each with whether `elements` already has it.

    `demanded`: what the peer has asked for before. It comes with a value, and what the table does not need
    (O) stands last.
    """
    rules = _FINAL_RULES[state]
    listed = {rule.path for rule in rules}
    others = [_Rule(path, _spaced(path), only_if_known=True) for path in demanded if path not in listed]
    return tuple(_need(rule, elements, rule.path in demanded) for rule in (*rules, *others))


def _need(rule: _Rule, elements: Elements, is_demanded: bool) -> Need:
    may_be_empty = rule.may_be_empty and not is_demanded
    found = elements.get(*rule.path)
    return Need(
        rule.path,
        _keyword(rule.path),
        rule.words,
        found is not None and (may_be_empty or not found.is_empty),
        rule.only_if_known,
        may_be_empty,
        is_demanded,
    )


def _spaced(path: Path) -> str:
    """`PerformedProcedureStepDescription` in words."""
    words = "".join(f" {sign}" if sign.isupper() else sign for sign in _keyword(path)).split()
    kept = [word for word in words if word not in ("Sequence", "Procedure", "Step")]
    return " ".join(kept).capitalize()


def missing_for_final(state: ProcedureStepState, elements: Elements) -> tuple[Need, ...]:
    """What an SCP refuses with C304 for; the cancellation time is left out: it fills that in."""
    return tuple(
        need
        for need in final_needs(state, elements)
        if not need.is_met
        and not need.only_if_known
        and need.path[-1] != tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME
    )


def unmet_for_final(state: ProcedureStepState, elements: Elements) -> tuple[Need, ...]:
    """All that an SCP refuses with C304 for: what every workitem has, and the parts of what was sent.

    "If known" (RC) is seen where it shows: an item of Actual Human Performers Sequence says that somebody is
    known, so it names that person by code or by name.
    """
    always = tuple(
        Need((row.tag,), row.keyword, row.keyword, False)
        for row in attributes.top_level().values()
        if row.final == "R"
        and row.in_nget
        and row.tag not in _BY_THE_SCP
        and not _has_content(elements, row.tag)
    )
    found = (*always, *missing_for_final(state, elements))
    if state is ProcedureStepState.COMPLETED and not all(
        _has_content(performer, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
        or _has_content(performer, tags.HUMAN_PERFORMER_NAME)
        for performer in elements.items(_PERFORMED, tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)
    ):
        path = (_PERFORMED, tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
        found += (Need(path, _keyword(path), "Code or name of the human performer", False, True),)
    return found


_BY_THE_SCP = frozenset({tags.PROCEDURE_STEP_STATE, tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME})
"""Written by the SCP itself with every change."""


def _keyword(path: Path) -> str:
    return attributes.by_path()[path].keyword


@dataclass(frozen=True, slots=True)
class CreateProblems:
    """What is wrong with the data set of an N-CREATE, as tags."""

    missing: tuple[int, ...] = ()
    """Type 1 without a value, which nobody but the user can fill."""
    forbidden: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.forbidden)


def completed_for_create(elements: Elements) -> Elements:
    """`elements` with what every N-CREATE carries: three Type 1 defaults, and Type 2 attributes empty.

    Transaction UID is present and empty (PS3.4 Table CC.2.5-3, 2/2).
    """
    defaults: dict[int, Element] = {
        row.tag: element(row.tag) for row in attributes.create_type_2() if row.tag not in elements
    }
    for tag, value in (
        (tags.PROCEDURE_STEP_STATE, ProcedureStepState.SCHEDULED.value),
        (tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, "MEDIUM"),
        (tags.INPUT_READINESS_STATE, "READY"),
    ):
        if tag not in elements:
            defaults[tag] = element(tag, value)
    return elements.with_elements(*defaults.values())


def create_problems(elements: Elements) -> CreateProblems:
    """What an SCP would refuse in a data set that `completed_for_create` has passed."""
    missing = tuple(
        row.tag
        for row in attributes.create_type_1()
        if (found := elements.get(row.tag)) is None or found.is_empty
    )
    forbidden = [tag for tag in (tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID) if tag in elements]
    forbidden += [tag for tag in (tags.TRANSACTION_UID, _PROGRESS, _PERFORMED) if _has_content(elements, tag)]
    return CreateProblems(missing, tuple(forbidden))


def _has_content(elements: Elements, tag: int) -> bool:
    found = elements.get(tag)
    return found is not None and not found.is_empty


def set_forbidden(elements: Elements) -> tuple[int, ...]:
    """Top-level tags that an N-SET must not carry (PS3.4 Table CC.2.5-3); the lock is not among them."""
    rows = attributes.top_level()
    return tuple(
        item.tag
        for item in elements
        if item.tag in rows and item.tag != tags.TRANSACTION_UID and not rows[item.tag].in_nset
    )
