"""What the command line is built from, without Qt: data folder, saved servers, vault, new UIDs, the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upsdesk.dicom.scu import UpsScu
    from upsdesk.domain.peer import Peer, UpsClass
    from upsdesk.services.desk import Desk
    from upsdesk.services.desk_file import DeskFile

DESK_FILE = "desk.sqlite"


def data_folder(given: Path | None, environment: Mapping[str, str]) -> Path:
    """Where this desk keeps its files: what is given, else UPSDESK_DATA_DIR, else the platform's folder."""
    if given is not None:
        return given
    if named := environment.get("UPSDESK_DATA_DIR"):
        return Path(named)
    from upsdesk.services.files import platform_folder

    return platform_folder()


def saved_peers(folder: Path) -> tuple[Peer, ...]:
    """The worklist servers that are saved in `folder`; raise SettingsError (a ValueError) for bad files."""
    if not (folder / "profiles.toml").exists():
        return ()
    from upsdesk.services.settings import PROFILES, Profiles

    return Profiles(folder / PROFILES).peers


def open_desk_file(folder: Path) -> DeskFile:
    """Vault and journal of `folder`, made when there are none; raise DeskFileError or OSError."""
    from upsdesk.services.desk_file import DeskFile
    from upsdesk.services.files import prepare_folder

    return DeskFile(prepare_folder(folder) / DESK_FILE)


def new_uid() -> str:
    """A UID that nobody else makes: a random UUID under 2.25 (PS3.5 B.2)."""
    import uuid

    return f"2.25.{uuid.uuid4().int}"


def open_job_desk(
    folder: Path, peer: Peer, *, via: UpsClass | None = None, tell: Callable[[str], None] | None = None
) -> Desk:
    """A desk for one act at `peer`, inside a running loop; raise SettingsError, DeskFileError or OSError.

    `via` forces the presentation context of N-GET, N-SET and the change of state; `tell` is handed one line a
    message, without patient data.
    """
    from upsdesk.services.desk import open_desk

    def make_scu(to: Peer) -> UpsScu:
        from upsdesk.dicom.scu import UpsScu
        from upsdesk.dicom.wire_log import WireLog

        return UpsScu(to, WireLog(tell) if tell is not None else None, via=via)

    desk = open_desk(folder, make_uid=new_uid, scu_factory=make_scu)
    desk.add_peer(peer)
    return desk
