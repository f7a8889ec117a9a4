"""The tour itself: its steps in order, a picture and a line for each, and what was verified."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from upsdesk.domain.errors import NoAnswer
from upsdesk.ui.app import Opened
from upsdesk.ui.tour.guide import Guide, Wrong
from upsdesk.ui.tour.hands import NotSeen, picture_of
from upsdesk.ui.tour.steps import STEPS, Step
from upsdesk.ui.tour.witness import Witness

_SIZE = (1440, 900)
_REPORT = "tour.json"


@dataclass(frozen=True, slots=True)
class StepResult:
    """One line of `tour.json`."""

    step: str
    ok: bool
    detail: str
    picture: str


class Tour:
    """Drives an opened window; the exit status is 0 only when every step was verified."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def drive(self, opened: Opened) -> int:
        """Take all steps. After one that was not verified the rest is told as not taken."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in (*self._folder.glob("[0-9][0-9]-*.png"), self._folder / _REPORT):
            old.unlink(missing_ok=True)
        opened.window.resize(*_SIZE)
        peer = opened.conductor.peer
        if peer is None:
            raise RuntimeError("the tour needs the sample worklist")
        witness = Witness(peer)
        guide = Guide(opened, witness)
        results: list[StepResult] = []
        try:
            for number, (name, step) in enumerate(STEPS, start=1):
                if not all(result.ok for result in results):
                    results.append(StepResult(name, False, "not reached", ""))
                    continue
                results.append(await self._take(number, name, step, guide))
                last = results[-1]
                print(f"{'ok ' if last.ok else 'NO '} {name:14} {last.detail}", flush=True)
        finally:
            await witness.close()
            self._write(results)
        print(f"The pictures are in {self._folder.resolve()}", file=sys.stderr)
        return 0 if all(result.ok for result in results) else 1

    async def _take(self, number: int, name: str, step: Step, guide: Guide) -> StepResult:
        guide.picture = None
        try:
            ok, detail = True, await step(guide)
        except (NotSeen, Wrong, RuntimeError, NoAnswer) as error:
            ok, detail = False, f"{type(error).__name__}: {error}"
        file = f"{number:02}-{name}.png"
        picture = guide.picture if ok and guide.picture is not None else picture_of(guide.window)
        if not picture.save(str(self._folder / file)):
            ok, detail = False, f"the picture {file} cannot be written"
        return StepResult(name, ok, detail, file)

    def _write(self, results: list[StepResult]) -> None:
        text = json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=2)
        (self._folder / _REPORT).write_text(text + "\n", encoding="utf-8")
