"""Subscriptions in the store: to one workitem each, and the global ones with their filters."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Boolean, Connection, String, and_, bindparam, delete, exists, insert, literal, select

from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.scp.model import GlobalSubscription, Subscriber
from upsdesk.scp.store.encoding import decoded, encoded
from upsdesk.scp.store.schema import global_subscriptions, subscriptions, workitems

# Asked with every change: putting a statement together takes longer than running it.
_GLOBAL = select(global_subscriptions).order_by(global_subscriptions.c.aet)
_SUBSCRIBERS = (
    select(subscriptions.c.aet)
    .where(subscriptions.c.uid == bindparam("wanted"))
    .order_by(subscriptions.c.aet)
)
_INSERT = insert(subscriptions)
_FORGET = delete(subscriptions).where(
    subscriptions.c.aet == bindparam("old_aet"), subscriptions.c.uid == bindparam("old_uid")
)


class SubscriptionReader:
    """What can be asked about subscriptions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def subscribers_of(self, uid: str) -> tuple[AeTitle, ...]:
        """The Receiving AEs that are told about this workitem."""
        rows = self._connection.execute(_SUBSCRIBERS, {"wanted": uid})
        return tuple(AeTitle(aet) for aet in rows.scalars())

    def subscription(self, aet: str, uid: str) -> Subscriber | None:
        row = self._connection.execute(
            select(subscriptions).where(subscriptions.c.aet == aet, subscriptions.c.uid == uid)
        ).first()
        return Subscriber(AeTitle(aet), SopInstanceUid(uid), row.lock) if row is not None else None

    def global_subscriptions(self) -> tuple[GlobalSubscription, ...]:
        rows = self._connection.execute(_GLOBAL)
        return tuple(
            GlobalSubscription(AeTitle(row.aet), row.lock, decoded(row.filter) if row.filter else None)
            for row in rows
        )

    def subscribers_to(self, uid: str) -> tuple[Subscriber, ...]:
        """The subscriptions to one workitem."""
        rows = self._connection.execute(
            select(subscriptions).where(subscriptions.c.uid == uid).order_by(subscriptions.c.aet)
        )
        return tuple(Subscriber(AeTitle(row.aet), SopInstanceUid(row.uid), row.lock) for row in rows)

    def all_subscribers(self) -> tuple[Subscriber, ...]:
        """Every subscription there is, global ones first."""
        found = [
            Subscriber(one.aet, None, one.lock, one.filter is not None) for one in self.global_subscriptions()
        ]
        rows = self._connection.execute(
            select(subscriptions).order_by(subscriptions.c.aet, subscriptions.c.uid)
        )
        return (*found, *(Subscriber(AeTitle(row.aet), SopInstanceUid(row.uid), row.lock) for row in rows))

    def subscribed_aets(self) -> tuple[AeTitle, ...]:
        """All AEs with a subscription of any kind."""
        rows = select(subscriptions.c.aet).union(select(global_subscriptions.c.aet))
        return tuple(AeTitle(aet) for aet in sorted(self._connection.execute(rows).scalars()))

    def is_locked(self, uid: str) -> bool:
        """Whether somebody holds a deletion lock (PS3.4 CC.2.3.1)."""
        held = exists().where(subscriptions.c.uid == uid, subscriptions.c.lock.is_(True))
        return bool(self._connection.execute(select(held)).scalar_one())


class SubscriptionWriter(SubscriptionReader):
    """What can be done to subscriptions."""

    may_unlock = False
    """Whether a deletion lock may have gone, so that a workitem may be due to be deleted."""

    def subscribe(self, aet: AeTitle, uid: str, lock: bool) -> None:
        """Set the subscription of one AE to one workitem."""
        self.may_unlock = True
        self._connection.execute(_FORGET, {"old_aet": aet, "old_uid": uid})
        self._connection.execute(_INSERT, [{"uid": uid, "aet": aet, "lock": lock}])

    def subscribe_anew(self, subscribers: Sequence[tuple[AeTitle, str, bool]]) -> None:
        """Subscribe AEs to workitems, with or without lock, that they are not subscribed to yet."""
        if subscribers:
            rows = [{"aet": aet, "uid": uid, "lock": lock} for aet, uid, lock in subscribers]
            self._connection.execute(_INSERT, rows)

    def subscribe_rest(self, aet: AeTitle, lock: bool) -> None:
        """Subscribe `aet` to every workitem that it is not subscribed to yet."""
        rest = select(workitems.c.uid, literal(str(aet), String(16)), literal(lock, Boolean)).where(
            workitems.c.uid.not_in(select(subscriptions.c.uid).where(subscriptions.c.aet == aet))
        )
        self._connection.execute(insert(subscriptions).from_select(["uid", "aet", "lock"], rest))

    def unsubscribe(self, aet: AeTitle, uid: str | None = None) -> None:
        """End the subscription to one workitem, or all of this AE's to workitems."""
        self.may_unlock = True
        condition = subscriptions.c.aet == aet
        if uid is not None:
            condition = and_(condition, subscriptions.c.uid == uid)
        self._connection.execute(delete(subscriptions).where(condition))

    def set_global(self, subscription: GlobalSubscription) -> None:
        self.clear_global(subscription.aet)
        self._connection.execute(
            insert(global_subscriptions).values(
                aet=subscription.aet,
                lock=subscription.lock,
                filter=encoded(subscription.filter) if subscription.filter is not None else None,
            )
        )

    def clear_global(self, aet: AeTitle) -> None:
        self._connection.execute(delete(global_subscriptions).where(global_subscriptions.c.aet == aet))
