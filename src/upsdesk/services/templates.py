"""Templates of new workitems: those that come with the program, and the desk's own in its data folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from upsdesk import resources
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.cloning import as_new, for_template, names_patient, patient_words
from upsdesk.domain.elements import Elements
from upsdesk.domain.folding import folded
from upsdesk.domain.when import format_moment
from upsdesk.services.files import write_atomically
from upsdesk.services.loading import load_dicom

FOLDER = "templates"
LONGEST_NAME = 60
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Template:
    """A beginning for new workitems."""

    file: Path
    name: str
    description: str
    elements: Elements
    is_own: bool
    """Of this desk; those of the program cannot be changed."""

    @property
    def id(self) -> str:
        """What the command line calls it: the file's name without its ending."""
        return self.file.stem

    def begun(self, start: datetime) -> Elements:
        """A new SCHEDULED workitem after this template, planned for `start`."""
        planned = element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, format_moment(start))
        return as_new(self.elements).with_elements(planned)


@dataclass(frozen=True, slots=True)
class Shelf:
    """All templates that can be read, the desk's own first, and a sentence for each file that cannot."""

    templates: tuple[Template, ...]
    problems: tuple[str, ...] = ()

    def named(self, name: str) -> Template | None:
        """The template of this name or id; the desk's own hides one of the program."""
        wanted = folded(name.strip())
        return next((one for one in self.templates if wanted in (folded(one.name), folded(one.id))), None)

    def has_own(self, name: str) -> bool:
        """Whether `Templates.save` under this name would replace one."""
        wanted = folded(" ".join(name.split()))
        return any(one.is_own and folded(one.name) == wanted for one in self.templates)


class Templates:
    """The two folders of templates. The methods read and write files: call them in a thread."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder / FOLDER

    def shelf(self) -> Shelf:
        """Read all templates anew."""
        own, problems = _read_all(self._folder, is_own=True)
        built_in, wrong = _read_all(resources.path(FOLDER), is_own=False)
        return Shelf((*own, *built_in), (*problems, *wrong))

    def save(self, name: str, description: str, elements: Elements, *, with_values: bool = False) -> Template:
        """Keep what a template may keep of `elements` under this name, in place of an own one of that name.

        Raise ValueError for a name that cannot be, OSError when the disk refuses.
        """
        name = " ".join(name.split())
        if not name:
            raise ValueError("A template needs a name.")
        if len(name) > LONGEST_NAME:
            raise ValueError(f"A name has at most {LONGEST_NAME} characters; this has {len(name)}.")
        words = patient_words(elements)
        if names_patient(name, words) or names_patient(description, words):
            raise ValueError("A template is for any patient: its name and description name none.")
        load_dicom()
        from upsdesk.dicom.json_model import to_json

        kept = for_template(elements, with_values=with_values)
        head = {"name": name, "description": description.strip()}
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._file_of(name)
        write_atomically(
            file, json.dumps({**head, "attributes": to_json(kept)}, ensure_ascii=False, indent=2)
        )
        return Template(file, name, head["description"], kept, is_own=True)

    def delete(self, template: Template) -> None:
        """Remove one of the desk's own; raise OSError."""
        if template.is_own:
            template.file.unlink(missing_ok=True)

    def _file_of(self, name: str) -> Path:
        """The file of an own template of this name, else a free one."""
        for one in _read_all(self._folder, is_own=True)[0]:
            if folded(one.name) == folded(name):
                return one.file
        stem = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:40] or "template"
        numbered = (f"{stem}-{number}" if number > 1 else stem for number in range(1, 10_000))
        return next(file for one in numbered if not (file := self._folder / f"{one}.json").exists())


def _read_all(folder: Path, *, is_own: bool) -> tuple[tuple[Template, ...], tuple[str, ...]]:
    found: list[Template] = []
    problems: list[str] = []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(_read(file, is_own=is_own))
        except OSError as error:
            problems.append(f"The template {file.name} cannot be read: {error.strerror or error}.")
        except (ValueError, RecursionError) as error:
            words = "it is nested too deep" if isinstance(error, RecursionError) else str(error).rstrip(".")
            problems.append(f"The template {file.name} is not right: {words}.")
    return tuple(sorted(found, key=lambda one: folded(one.name))), tuple(problems)


def _read(file: Path, *, is_own: bool) -> Template:
    """Raise OSError or ValueError. Facts of a patient in a file that somebody wrote by hand are left out."""
    load_dicom()
    from upsdesk.dicom.json_model import from_json

    if file.stat().st_size > _MOST_BYTES:
        raise ValueError("it is larger than a template can be")
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not isinstance(found.get("attributes"), dict):
        raise ValueError('an object with "name", "description" and "attributes" is needed')
    name, description = found.get("name", file.stem), found.get("description", "")
    if not isinstance(name, str) or not isinstance(description, str) or not name.strip():
        raise ValueError("name and description are texts")
    elements = from_json(found["attributes"])
    return Template(file, name.strip(), description.strip(), for_template(elements, with_values=True), is_own)
