"""Where the files of resources/ are found: inside the installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def candidates(package: Path = _PACKAGE) -> tuple[Path, ...]:
    """The folders that may hold the resources, in the order they are tried.

    A wheel carries them as ``upsdesk/_resources``; an editable install has only the checkout's
    ``resources`` beside ``src``, because a forced include does not reach editable installs.
    """
    return (package / "_resources", package.parent.parent / "resources")


def root(package: Path = _PACKAGE) -> Path:
    """The folder of the resources. Raises FileNotFoundError when neither candidate is a folder."""
    for folder in candidates(package):
        if folder.is_dir():
            return folder
    tried = " and ".join(str(folder) for folder in candidates(package))
    raise FileNotFoundError(
        f"The resources of UPS Desk are missing; looked in {tried}. Install UPS Desk again."
    )


def path(*parts: str, package: Path = _PACKAGE) -> Path:
    """The path of one resource, for example ``path("icons", "search.svg")``.

    Raises FileNotFoundError when there is no such file or folder.
    """
    found = root(package).joinpath(*parts)
    if not found.exists():
        raise FileNotFoundError(f"UPS Desk has no resource {'/'.join(parts)} (looked for {found}).")
    return found


def read_text(*parts: str) -> str:
    """The text of one resource, which is UTF-8. Raises FileNotFoundError."""
    return path(*parts).read_text(encoding="utf-8")


def read_bytes(*parts: str) -> bytes:
    """The bytes of one resource. Raises FileNotFoundError."""
    return path(*parts).read_bytes()
