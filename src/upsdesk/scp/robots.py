"""Robot performers of the demo: they claim, report progress and finish, as SCUs of the SCP that started them.

Their spec is a list of `name=value` with commas between:
`count` how many robots, 1 to 50 (default 3: one at FX2, one at the AI server, one in the 3D lab);
`pace` seconds that a robot thinks between two acts, on average (default 6);
`rate` acts a second of all robots together, for load: they think only as long as they are ahead of it;
`cancels` share of the workitems that they give up, 0 to 1 (default 0.08);
`seed` a whole number that makes their choices the same each time (default: different each time).
Station FX1 belongs to the person at the window: no robot touches its workitems.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from upsdesk.dicom.event_listener import EventListener
from upsdesk.dicom.scu import UpsScu
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import Report, ReportType
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.peer import LOOPBACK, Peer, PeerUse, derived_peer_id
from upsdesk.domain.query import MatchingKey, WorklistQuery
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import moment_or_none
from upsdesk.scp import demo_content as content
from upsdesk.scp.demo_content import Station, UidMaker, Work
from upsdesk.scp.demo_data import new_workitem
from upsdesk.scp.model import ReceivingAe, Stored
from upsdesk.scp.server import UpsScp

STATIONS = (Station.FX2, Station.AI, Station.LAB)
_S = ProcedureStepState
_GIVEN_UP = Code("110527", "DCM", "Resource inadequate")
_ASKED = Code("110500", "DCM", "Doctor canceled procedure")
_KEEPS_ASSOCIATION = 1.0
"""Seconds between two acts beyond which a robot releases its association: an idle one costs a thread."""
_LEAST_WAITING = 5
"""Below so many SCHEDULED workitems at its station a robot orders a new one."""
_AHEAD = timedelta(minutes=30)
_RETURN_KEYS = tuple(
    (tag,)
    for tag in (
        tags.SOP_INSTANCE_UID,
        tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
        tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
        tags.PROCEDURE_STEP_LABEL,
        tags.STUDY_INSTANCE_UID,
        tags.INPUT_READINESS_STATE,
    )
)
_WORKS = (
    content.TREATMENT,
    content.MACHINE_QA,
    content.LUNG_CAD,
    content.MAMMO_CAD,
    content.STROKE_CAD,
    content.VESSEL_3D,
    content.CARDIAC_3D,
    content.IMAGE_QC,
    content.READING,
    content.TRANSCRIPTION,
    content.PRINT,
)


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """What `--robots` says; see the module."""

    count: int = 3
    pace: float = 6.0
    rate: float | None = None
    """Instead of `pace`."""
    cancels: float = 0.08
    seed: int | None = None


def parse_spec(text: str) -> RobotSpec:
    """Read a spec, such as `count=3,pace=4,seed=1`; empty takes the defaults. Raises ValueError."""
    spec = RobotSpec()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        try:
            if not equals:
                raise ValueError
            if name == "count":
                spec = replace(spec, count=int(value))
            elif name == "seed":
                spec = replace(spec, seed=int(value))
            elif name == "pace":
                spec = replace(spec, pace=float(value))
            elif name == "rate":
                spec = replace(spec, rate=float(value))
            elif name == "cancels":
                spec = replace(spec, cancels=float(value))
            else:
                raise ValueError
        except ValueError:
            raise ValueError(
                f"{part!r} is no part of a robot spec: write count=N,pace=SECONDS,cancels=SHARE,seed=N, "
                "or rate=N instead of pace"
            ) from None
    if not 1 <= spec.count <= 50:
        raise ValueError(f"count={spec.count}: there are 1 to 50 robots")
    if spec.rate is not None and not 0.001 <= spec.rate <= 1000:
        raise ValueError(f"rate={spec.rate:g}: acts a second of all robots, 0.001 to 1000")
    if not 0.05 <= spec.pace <= 3600:
        raise ValueError(f"pace={spec.pace:g}: seconds between two acts, 0.05 to 3600")
    if not 0 <= spec.cancels <= 1:
        raise ValueError(f"cancels={spec.cancels:g}: a share from 0 to 1")
    return spec


class Robots:
    """All robots of one SCP. They know no other peer than the SCP that starts them."""

    def __init__(self, spec: RobotSpec, clock: Callable[[], datetime]) -> None:
        self._spec = spec
        self._clock = clock
        self._robots: list[_Robot] = []

    def start(
        self, scp: UpsScp, held: Sequence[Stored] = (), log: Callable[[str], None] = lambda _line: None
    ) -> None:
        """Let them begin at `scp`, which listens already.

        `held`: workitems IN PROGRESS whose work the robots carry on with.
        """
        rng = random.Random(self._spec.seed)
        for number in range(self._spec.count):
            robot = _Robot(scp, number, self._spec, random.Random(rng.getrandbits(64)), self._clock, log)
            robot.carry_on(held)
            self._robots.append(robot)
            robot.start()

    @property
    def acts(self) -> int:
        """How many acts they have done so far, together."""
        return sum(robot.acts for robot in self._robots)

    def stop(self) -> None:
        """End them; what they hold stays IN PROGRESS. Takes about a second at most."""
        for robot in self._robots:
            robot.tell_to_stop()
        for robot in self._robots:
            robot.join(1.0)


@dataclass(frozen=True, slots=True)
class _Job:
    """A workitem that a robot has claimed; `steps_left` of its work are still to be reported."""

    uid: SopInstanceUid
    lock: TransactionUid
    work: Work
    study: str
    began: datetime
    step: int = 0


class _Robot(threading.Thread):
    def __init__(
        self,
        scp: UpsScp,
        number: int,
        spec: RobotSpec,
        rng: random.Random,
        clock: Callable[[], datetime],
        log: Callable[[str], None],
    ) -> None:
        self.station = STATIONS[number % len(STATIONS)]
        suffix = f"_{number // len(STATIONS) + 1}" if number >= len(STATIONS) else ""
        self.aet = AeTitle(f"ROBOT_{self.station.name}{suffix}")
        super().__init__(name=str(self.aet), daemon=True)
        self._scp = scp
        self._spec = spec
        self._rng = rng
        self._uid = UidMaker(rng)
        self._clock = clock
        self._log = log
        self._jobs: deque[_Job] = deque()
        self._condition = threading.Condition()
        self._stopping = False
        self._asked_to_cancel: set[SopInstanceUid] = set()
        self._scu: UpsScu | None = None
        self._pace = spec.count / spec.rate if spec.rate is not None else spec.pace
        self._due: float | None = None
        """When the next act is to begin, with a rate."""
        self.acts = 0

    def carry_on(self, held: Sequence[Stored]) -> None:
        """Take over what was claimed in this robot's name before it was started."""
        for stored in held:
            if stored.performer == self.aet and stored.lock is not None and stored.state is _S.IN_PROGRESS:
                work = _work_of(stored.elements)
                done = [words in _progress_words(stored.elements) for words in work.steps]
                step = done.index(True) + 1 if True in done else 0
                study = stored.elements.text(tags.STUDY_INSTANCE_UID)
                began = _start_of(stored.elements, self._clock())
                self._jobs.append(_Job(stored.uid, stored.lock, work, study, began, step))

    def tell_to_stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        scu = self._scu
        if scu is not None:
            scu.abort(for_good=True)

    def run(self) -> None:
        listener = EventListener(self.aet, LOOPBACK, 0, self._on_report)
        port = listener.start()
        try:
            self._scp.add_peer(ReceivingAe(self.aet, LOOPBACK, port))
            self._scu = UpsScu(self._peer())
            for job in self._jobs:
                self._attempt(lambda scu, job=job: scu.subscribe(job.uid, self.aet, False))  # type: ignore[misc]
            while self._think():
                self._attempt(self._act)
        finally:
            if self._scu is not None:
                self._scu.release()
            self._scp.remove_peer(self.aet)
            listener.stop()

    def _peer(self) -> Peer:
        address = (self._scp.aet, LOOPBACK, self._scp.port)
        return Peer(derived_peer_id(*address), *address, calling_aet=self.aet, use=PeerUse.DEMO)

    def _on_report(self, report: Report) -> None:
        if report.event_type == ReportType.CANCEL_REQUESTED.value:
            with self._condition:
                self._asked_to_cancel.add(report.uid)
                self._condition.notify_all()

    def _think(self) -> bool:
        """Wait a while, less when somebody asks to cancel; False when it is time to stop."""
        seconds = self._seconds_to_think()
        with self._condition:
            held = {job.uid for job in self._jobs}
            self._condition.wait_for(lambda: self._stopping or bool(self._asked_to_cancel & held), seconds)
            return not self._stopping

    def _seconds_to_think(self) -> float:
        pace = self._pace * self._rng.uniform(0.6, 1.4)
        if self._spec.rate is None:
            return pace
        now = time.monotonic()
        # The time that the last act took counts as thought, but what could not be done is not made up for.
        self._due = now if self._due is None else max(now, self._due + pace)
        return self._due - now

    def _attempt(self, act: Callable[[UpsScu], object]) -> None:
        """Do one thing; a peer that does not answer is tried again with the next one."""
        scu = self._scu
        if scu is None or self._stopping:
            return
        try:
            act(scu)
            self.acts += 1
            if self._pace > _KEEPS_ASSOCIATION:
                scu.release()
        except NoAnswer as error:
            self._log(f"{self.aet}: {type(error).__name__}")

    def _act(self, scu: UpsScu) -> None:
        with self._condition:
            asked, self._asked_to_cancel = self._asked_to_cancel, set()
        for job in [job for job in self._jobs if job.uid in asked]:
            self._jobs.remove(job)
            self._cancel(scu, job, _ASKED, "Canceled as asked")
            return
        if self._jobs:
            self._work_on(scu, self._jobs.popleft())
        else:
            self._look_for_work(scu)

    def _work_on(self, scu: UpsScu, job: _Job) -> None:
        if job.step < len(job.work.steps):
            percent = round(100 * (job.step + 1) / (len(job.work.steps) + 1))
            item = content.progress(percent, job.work.steps[job.step])
            answer = scu.set(job.uid, _progress_of(item), job.lock)
            if answer.outcome.is_done:
                self._jobs.append(replace(job, step=job.step + 1))
        elif self._rng.random() < self._spec.cancels:
            self._cancel(scu, job, _GIVEN_UP, "Not enough memory for this series")
        else:
            self._complete(scu, job)

    def _complete(self, scu: UpsScu, job: _Job) -> None:
        now = self._clock()
        began = min(job.began, now)
        result = content.performed(job.work, self.station, began, now, None, job.study, self._uid)
        done = _progress_of(content.progress(100, job.work.steps[-1]))
        answer = scu.set(job.uid, done.with_elements(result), job.lock)
        if answer.outcome.is_done:
            scu.change_state(job.uid, _S.COMPLETED, job.lock)

    def _cancel(self, scu: UpsScu, job: _Job, reason: Code, words: str) -> None:
        item = content.cancellation(reason, words, self._clock())
        answer = scu.set(job.uid, _progress_of(item), job.lock)
        if answer.outcome.is_done:
            scu.change_state(job.uid, _S.CANCELED, job.lock)

    def _look_for_work(self, scu: UpsScu) -> None:
        waiting = self._waiting(scu)
        if len(waiting) < _LEAST_WAITING:
            uid, elements = new_workitem(self._clock(), self._rng, [self.station])
            scu.create(SopInstanceUid(uid), elements)
            return
        ready = [one for one in waiting if one.text(tags.INPUT_READINESS_STATE) == "READY"]
        due = [one for one in ready if _start_of(one, self._clock()) <= self._clock() + _AHEAD]
        incomplete = [one for one in waiting if one.text(tags.INPUT_READINESS_STATE) == "INCOMPLETE"]
        if incomplete and (not due or self._rng.random() < 0.15):
            change = Elements([element(tags.INPUT_READINESS_STATE, "READY")])
            scu.set(SopInstanceUid(incomplete[0].text(tags.SOP_INSTANCE_UID)), change)
        elif due or ready:
            self._claim(scu, min(due or ready, key=lambda one: _start_of(one, self._clock())))

    def _waiting(self, scu: UpsScu) -> list[Elements]:
        """The SCHEDULED workitems of its station. Another station's are sorted out here, whatever came."""
        station = (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE)
        keys = (
            MatchingKey((tags.PROCEDURE_STEP_STATE,), _S.SCHEDULED.value),
            MatchingKey(station, self.station.value),
        )
        found: list[Elements] = []
        scu.find(WorklistQuery(keys, _RETURN_KEYS), lambda match: found.append(match.elements))
        return [one for one in found if one.text(*station) == self.station.value]

    def _claim(self, scu: UpsScu, elements: Elements) -> None:
        uid, lock = SopInstanceUid(elements.text(tags.SOP_INSTANCE_UID)), TransactionUid(self._uid())
        if not scu.change_state(uid, _S.IN_PROGRESS, lock).outcome.is_done:
            return
        study = elements.text(tags.STUDY_INSTANCE_UID) or self._uid()
        self._jobs.append(_Job(uid, lock, _work_of(elements), study, self._clock()))
        scu.subscribe(uid, self.aet, False)


def _progress_of(item: list[Element]) -> Elements:
    return Elements([sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, item)])


def _progress_words(elements: Elements) -> str:
    return elements.text(
        tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION
    )


def _work_of(elements: Elements) -> Work:
    """The kind of work, by label where several share a code."""
    value = elements.text(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE)
    same = [work for work in _WORKS if work.code.value == value] or [content.IMAGE_QC]
    label = elements.text(tags.PROCEDURE_STEP_LABEL)
    return next((work for work in same if work.label == label), same[0])


def _start_of(elements: Elements, otherwise: datetime) -> datetime:
    moment = moment_or_none(elements.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME))
    return moment.instant if moment is not None else otherwise
