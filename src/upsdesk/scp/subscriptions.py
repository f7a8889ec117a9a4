"""Who is told what: the table of subscriptions, row by row (PS3.4 Table CC.2.3-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import Enum
from functools import lru_cache

from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.matching import Query, compile_query
from upsdesk.scp.model import GlobalSubscription, Stored
from upsdesk.scp.reports import reports_of_creation, state_report
from upsdesk.scp.store.repository import Writer

_AT_A_TIME = 200


class Subscription(Enum):
    """How an AE stands to one workitem."""

    NONE = "not subscribed"
    WITH_LOCK = "subscribed with lock"
    WITHOUT_LOCK = "subscribed without lock"

    @classmethod
    def of(cls, lock: bool | None) -> Subscription:
        return cls.NONE if lock is None else cls.WITH_LOCK if lock else cls.WITHOUT_LOCK


class Act(Enum):
    """What is asked: the rows of the table."""

    SUBSCRIBE_GLOBALLY_WITH_LOCK = "subscribe globally with lock"
    SUBSCRIBE_GLOBALLY_WITHOUT_LOCK = "subscribe globally without lock"
    SUBSCRIBE_WITH_LOCK = "subscribe with lock"
    SUBSCRIBE_WITHOUT_LOCK = "subscribe without lock"
    UNSUBSCRIBE = "unsubscribe"
    UNSUBSCRIBE_GLOBALLY = "unsubscribe globally"
    SUSPEND_GLOBALLY = "suspend global subscription"


@dataclass(frozen=True, slots=True)
class Effect:
    """The state afterwards, and whether the Receiving AE is sent the current state."""

    after: Subscription
    reports: bool = False


_NONE, _WITH, _WITHOUT = Subscription.NONE, Subscription.WITH_LOCK, Subscription.WITHOUT_LOCK

# Columns: what the AE was to that workitem before: none, with lock, without lock.
TABLE: dict[tuple[Act, Subscription], Effect] = {
    (act, before): effect
    for act, effects in {
        Act.SUBSCRIBE_GLOBALLY_WITH_LOCK: (Effect(_WITH, True), Effect(_WITH), Effect(_WITHOUT)),
        Act.SUBSCRIBE_GLOBALLY_WITHOUT_LOCK: (Effect(_WITHOUT), Effect(_WITH), Effect(_WITHOUT)),
        Act.SUBSCRIBE_WITH_LOCK: (Effect(_WITH, True), Effect(_WITH, True), Effect(_WITH, True)),
        Act.SUBSCRIBE_WITHOUT_LOCK: (Effect(_WITHOUT, True), Effect(_WITHOUT, True), Effect(_WITHOUT, True)),
        Act.UNSUBSCRIBE: (Effect(_NONE), Effect(_NONE), Effect(_NONE)),
        Act.UNSUBSCRIBE_GLOBALLY: (Effect(_NONE), Effect(_NONE), Effect(_NONE)),
        Act.SUSPEND_GLOBALLY: (Effect(_NONE), Effect(_WITH), Effect(_WITHOUT)),
    }.items()
    for before, effect in zip((_NONE, _WITH, _WITHOUT), effects, strict=True)
}


def subscribe_to(writer: Writer, aet: AeTitle, stored: Stored, lock: bool) -> None:
    """Subscribe to one workitem; its current state is reported each time."""
    act = Act.SUBSCRIBE_WITH_LOCK if lock else Act.SUBSCRIBE_WITHOUT_LOCK
    known = writer.subscription(aet, stored.uid)
    effect = TABLE[act, Subscription.of(known.lock if known is not None else None)]
    writer.subscribe(aet, stored.uid, effect.after is _WITH)
    if effect.reports:
        writer.enqueue([aet], [state_report(stored)])


def unsubscribe_from(writer: Writer, aet: AeTitle, uid: str) -> None:
    """End the subscription to one workitem; its deletion lock goes with it."""
    writer.unsubscribe(aet, uid)


def subscribe_globally(writer: Writer, aet: AeTitle, lock: bool, keys: Elements | None, zone: tzinfo) -> None:
    """Subscribe to all workitems there are and will be, or with `keys` to those that a C-FIND would match.

    One global subscription per AE: a later one takes the place of an earlier one. A subscription to a
    single workitem stays as it is. Raises matching.BadKey.
    """
    query = _compiled(keys, zone) if keys is not None else None
    writer.set_global(GlobalSubscription(aet, lock, keys))
    act = Act.SUBSCRIBE_GLOBALLY_WITH_LOCK if lock else Act.SUBSCRIBE_GLOBALLY_WITHOUT_LOCK
    effect = TABLE[act, _NONE]
    if query is None and not effect.reports:
        writer.subscribe_rest(aet, lock)
        return
    found: list[Stored] = []
    for stored in writer.not_subscribed(aet, query.narrowing) if query else writer.not_subscribed(aet):
        if query is None or query.finds(stored):
            found.append(stored)
        if len(found) >= _AT_A_TIME:  # there may be a hundred thousand
            _subscribe_all(writer, aet, found, effect)
            found.clear()
    _subscribe_all(writer, aet, found, effect)


def _subscribe_all(writer: Writer, aet: AeTitle, found: Sequence[Stored], effect: Effect) -> None:
    writer.subscribe_anew([(aet, stored.uid, effect.after is _WITH) for stored in found])
    if effect.reports:
        writer.enqueue([aet], [state_report(stored) for stored in found])


def unsubscribe_globally(writer: Writer, aet: AeTitle) -> None:
    """End the global subscription and every single one of this AE."""
    writer.clear_global(aet)
    writer.unsubscribe(aet)


def suspend_globally(writer: Writer, aet: AeTitle) -> None:
    """End the global subscription; those to workitems that exist stay."""
    writer.clear_global(aet)


def announce_creation(writer: Writer, stored: Stored, zone: tzinfo) -> None:
    """Subscribe the global subscribers to a new workitem and tell them of it."""
    told: list[GlobalSubscription] = []
    for subscription in writer.global_subscriptions():
        keys = subscription.filter
        if keys is None or _compiled(keys, zone).finds(stored):
            told.append(subscription)
    if told:
        writer.subscribe_anew([(one.aet, stored.uid, one.lock) for one in told])
        writer.enqueue([one.aet for one in told], reports_of_creation(stored))


def leaves_something_out(keys: Elements, zone: tzinfo) -> bool:
    """Whether one key at least has a value and is matched on. Raises matching.BadKey."""
    query = _compiled(keys, zone)
    return bool(query.tests or query.identity_tests)


@lru_cache(maxsize=256)
def _compiled(keys: Elements, zone: tzinfo) -> Query:
    """Filters are asked about every new workitem, and there are few of them."""
    return compile_query(keys, zone)
