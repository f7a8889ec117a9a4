"""Decides what a C-FIND carries: an identifier that is never empty (PS3.4 CC.2.8.1)."""

from __future__ import annotations

from upsdesk.dicom.paths import element_from_text, nested
from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.query import MatchingKey, WorklistQuery


def identifier_elements(query: WorklistQuery) -> Elements:
    """The identifier of a search; (0008,0005) is added when it is encoded and a key needs it.

    A sequence that is named alone goes out empty, which asks for all that its items hold. When a key stands
    inside it that is no longer so, and what the table has inside it is named instead: a search by the code of
    the station still brings its meaning. Without any key the SOP Instance UID is asked for: an empty
    identifier is not allowed. Raise ValueError for a key that its VR cannot hold.
    """
    keyed = {key.path for key in query.keys}
    returned = [inner for path in query.return_keys for inner in _spelled_out(path, keyed)]
    leaves = [(path, element_from_text(path[-1], "")) for path in returned]
    leaves += [(key.path, element_from_text(key.path[-1], key.value)) for key in query.keys]
    # What the Standard makes conditional is never asked for by an empty key: it would say "no character set".
    leaves = [leaf for leaf in leaves if leaf[0] != (tags.SPECIFIC_CHARACTER_SET,)]
    return nested(leaves) if leaves else Elements([Element(tags.SOP_INSTANCE_UID, "UI")])


def _spelled_out(path: Path, keyed: set[Path]) -> list[Path]:
    """A return key, or what stands inside it when a matching key does."""
    if not any(len(path) < len(key) and key[: len(path)] == path for key in keyed):
        return [path]
    inside = [at for at, row in attributes.by_path().items() if at[:-1] == path and row.return_key != "-"]
    return [inner for at in inside for inner in _spelled_out(at, keyed)]


def key_elements(keys: tuple[MatchingKey, ...]) -> Elements:
    """Matching keys alone, for a filtered subscription; raise ValueError for one that its VR cannot hold."""
    return nested((key.path, element_from_text(key.path[-1], key.value)) for key in keys)
