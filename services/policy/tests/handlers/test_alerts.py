"""What became of listings, stores and suppliers: told once, and over when the cause is gone."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from dropship.contracts.alerts import (
    Alert,
    AlertKind,
    AlertRaised,
    AlertResolved,
    AmendAlert,
    TenantAlerts,
)
from dropship.contracts.availability import Availability
from dropship.contracts.listings import (
    Hold,
    ListingDelisted,
    ListingDrifted,
    ListingEnded,
    ListingPaused,
    ListingPublished,
    ListingRejected,
    ListingRepriced,
    ListingResumed,
)
from dropship.contracts.messages import Message
from dropship.contracts.money import Money
from dropship.contracts.products import PriceChanged, StockChanged
from dropship.contracts.stores import StoreSuspended, SuspendReason
from dropship.contracts.suppliers import SupplierResumed, SupplierSuspended
from dropship.policy.handlers.amending_alerts import amend_alert
from dropship.policy.queries.alerts import tenant_alerts
from dropship.runtime.errors import Refused, Retry

Costs = Callable[..., PriceChanged]
Stock = Callable[..., StockChanged]
PRICE = Money("26.33", "USD")


def raised(said: list[Message]) -> list[AlertRaised]:
    return [m for m in said if isinstance(m, AlertRaised)]


def resolved(said: list[Message]) -> list[AlertResolved]:
    return [m for m in said if isinstance(m, AlertResolved)]


class Outcomes:
    """What the syncer tells of Anna's listing."""

    def __init__(self, story: Any) -> None:
        self.story = story
        self.ids = {
            "listing_id": story.id_of("listing"),
            "product_id": story.kettle,
            "store_id": story.id_of("store of anna"),
        }

    async def tell(
        self, event: type[Any], *, because: str | None = None, **more: Any
    ) -> list[Message]:
        """What the syncer says because of one command, each time another unless it is named."""
        said: list[Message] = await self.story.hears(
            event(**self.ids, **more), tenant=self.story.anna, because=because or str(uuid4())
        )
        return said

    async def paused(self, *holds: Hold) -> list[Message]:
        return await self.tell(ListingPaused, holds=holds, decision_no=1)

    async def resumed(self) -> list[Message]:
        return await self.tell(ListingResumed, price=PRICE, quantity=10, decision_no=1)


@pytest.fixture
def outcomes(shop: Any) -> Outcomes:
    return Outcomes(shop)


@pytest.mark.parametrize(
    ("hold", "kind"),
    [
        (Hold.stale, AlertKind.listing_stale),
        (Hold.below_floor, AlertKind.gate_refused),
        (Hold.no_floor, AlertKind.gate_refused),
        (Hold.breaker, AlertKind.gate_refused),
        (Hold.rejected, AlertKind.listing_rejected),
        (Hold.drifted, AlertKind.listing_drifted),
    ],
)
async def test_a_hold_of_the_syncer_is_an_alert_until_the_listing_sells_again(
    outcomes: Outcomes, hold: Hold, kind: AlertKind
) -> None:
    (alert,) = raised(await outcomes.paused(hold))
    assert (alert.kind, alert.listing_id) == (kind, outcomes.ids["listing_id"])
    assert await outcomes.paused(hold, Hold.manual) == []
    (over,) = resolved(await outcomes.resumed())
    assert over.alert_id == alert.alert_id
    assert await outcomes.resumed() == []


async def test_the_id_of_an_alert_follows_from_what_it_is_about(outcomes: Outcomes) -> None:
    for number in (1, 2):
        (alert,) = raised(await outcomes.paused(Hold.stale))
        name = f"listing_stale/{alert.listing_id}/{number}"
        assert alert.alert_id == str(uuid5(UUID(outcomes.story.anna), name))
        await outcomes.resumed()


async def test_one_hold_may_go_while_another_stays(outcomes: Outcomes) -> None:
    await outcomes.paused(Hold.stale, Hold.breaker)
    (over,) = resolved(await outcomes.paused(Hold.breaker))
    assert over.kind is AlertKind.listing_stale


async def test_a_hold_by_hand_or_of_our_own_raises_nothing_here(outcomes: Outcomes) -> None:
    assert await outcomes.paused(Hold.manual, Hold.out_of_stock) == []


async def test_a_rejection_and_a_drift_say_what_was_found(outcomes: Outcomes) -> None:
    said = await outcomes.tell(ListingRejected, reason="invalid", detail="no picture")
    (alert,) = raised(said)
    assert alert.kind is AlertKind.listing_rejected
    assert alert.message.endswith("(invalid: no picture)")
    (alert,) = raised(await outcomes.tell(ListingRejected, reason="below_floor"))
    assert alert.kind is AlertKind.gate_refused
    (alert,) = raised(await outcomes.tell(ListingDrifted, what="price", ours="26.33", theirs="1"))
    assert alert.message.endswith("(price: ours 26.33, theirs 1)")
    said = await outcomes.tell(
        ListingPublished, external_id="1", price=PRICE, quantity=1, decision_no=1
    )
    assert len(resolved(said)) == 3


async def test_what_drifted_keeps_its_figures_whatever_is_told_of_the_pause(
    outcomes: Outcomes,
) -> None:
    drift = {"what": "price", "ours": "26.33 USD", "theirs": "1.00 USD"}
    (alert,) = raised(await outcomes.tell(ListingDrifted, **drift))
    assert await outcomes.paused(Hold.drifted) == []
    assert await outcomes.paused(Hold.drifted, Hold.stale) != []
    (standing,) = await outcomes.story.rows(
        "alerts WHERE alert_type = 'listing_drifted' AND resolved_at IS NULL", "id, message"
    )
    assert standing == (UUID(alert.alert_id), alert.message)
    (over,) = [
        one for one in resolved(await outcomes.resumed()) if one.kind is AlertKind.listing_drifted
    ]
    assert over.alert_id == alert.alert_id


async def test_a_draft_that_drifted_as_it_went_on_offer_is_still_told_with_its_figures(
    outcomes: Outcomes,
) -> None:
    step = str(uuid4())
    drift = {"what": "price", "ours": "26.33 USD", "theirs": "1.00 USD"}
    (alert,) = raised(await outcomes.tell(ListingDrifted, because=step, **drift))
    shown = {"external_id": "1", "price": PRICE, "quantity": 1, "decision_no": 1}
    assert await outcomes.tell(ListingPublished, because=step, **shown) == []
    assert await outcomes.paused(Hold.drifted) == []
    assert "theirs 1.00 USD" in alert.message


async def test_a_trouble_that_comes_again_does_not_borrow_the_figures_of_the_last(
    outcomes: Outcomes,
) -> None:
    detail = "26.33 USD to 9.99 USD would be a fall of 62 %"
    (first,) = raised(await outcomes.tell(ListingRejected, reason="breaker", detail=detail))
    assert first.message.endswith(f"({detail})")
    assert await outcomes.paused(Hold.breaker) == []
    await outcomes.resumed()
    (again,) = raised(await outcomes.paused(Hold.breaker))
    assert detail not in again.message


@pytest.mark.parametrize("reason", ["gone", "marketplace"])
async def test_a_listing_that_somebody_took_down_in_the_shop_is_told_until_it_is_acknowledged(
    outcomes: Outcomes, reason: str
) -> None:
    await outcomes.paused(Hold.stale)
    said = await outcomes.tell(ListingEnded, reason=reason)
    assert [over.kind for over in resolved(said)] == [AlertKind.listing_stale]
    (alert,) = raised(said)
    assert (alert.kind, alert.severity) == (AlertKind.listing_ended, "warning")
    assert alert.listing_id == outcomes.ids["listing_id"]
    assert "in the shop" in alert.message
    assert "List the product again" in alert.message
    wish = AmendAlert(alert_id=alert.alert_id, acknowledge=True)
    known = await outcomes.story.obeys(amend_alert, wish)
    assert known.resolved_at is not None


async def test_a_listing_that_was_taken_down_needs_no_attention_once_it_is_listed_again(
    outcomes: Outcomes,
) -> None:
    story = outcomes.story
    (alert,) = raised(await outcomes.tell(ListingEnded, reason="gone"))
    for elsewhere in ({"store": "second store"}, {"tenant": "bert"}):
        assert resolved(await story.lists(f"in {elsewhere}", **elsewhere)) == []
    (over,) = resolved(await story.lists("again"))
    assert (over.alert_id, over.reason) == (alert.alert_id, "it is listed again")


async def test_an_ended_listing_needs_no_attention(outcomes: Outcomes, stock: Stock) -> None:
    await outcomes.story.hears(stock(Availability.low, 1))
    await outcomes.paused(Hold.stale)
    over = resolved(await outcomes.tell(ListingEnded, reason="user"))
    assert {one.kind for one in over} == {AlertKind.low_stock, AlertKind.listing_stale}
    assert await outcomes.tell(ListingDelisted, reason="user") == []


async def test_outcomes_of_a_listing_nobody_knows_wait_and_then_a_person_looks(
    outcomes: Outcomes,
) -> None:
    outcomes.ids["listing_id"] = outcomes.story.id_of("stray")
    for tell in (
        outcomes.paused(),
        outcomes.tell(ListingEnded, reason="user"),
        outcomes.tell(ListingRejected, reason="invalid"),
    ):
        with pytest.raises(Retry):
            await tell


async def test_a_suspended_supplier_is_told_to_each_who_sells_its_products_and_changes_nothing(
    shop: Any,
) -> None:
    await shop.defines(tenant="bert")
    await shop.lists("bert's", tenant="bert")
    await shop.lists("bert's other", tenant="bert", store="second store")
    await shop.scene.said()
    before = await shop.rows("decisions", "listing_id, decision_no, confirmations")
    suspended = SupplierSuspended(
        source="amazon-com", reason="blocked_captcha", until=shop.clock.now()
    )
    said = await shop.hears(suspended)
    assert {type(m) for m in said} == {AlertRaised}
    assert len(said) == 2
    assert {alert.source for alert in raised(said)} == {"amazon-com"}
    assert await shop.hears(suspended) == []
    other = SupplierSuspended(source="amazon-de", reason="blocked", until=shop.clock.now())
    assert await shop.hears(other) == []
    said = await shop.hears(SupplierResumed(source="amazon-com"))
    assert len(resolved(said)) == len(said) == 2
    assert await shop.rows("decisions", "listing_id, decision_no, confirmations") == before


async def test_alerts_are_listed_newest_first_to_their_tenant_alone(
    outcomes: Outcomes, stock: Stock
) -> None:
    story = outcomes.story
    await story.hears(stock(Availability.low, 1))
    story.clock.advance(1)
    await outcomes.paused(Hold.stale)
    story.clock.advance(1)
    store = StoreSuspended(store_id=outcomes.ids["store_id"], reason=SuspendReason.breaker)
    await story.hears(store, tenant=story.anna)
    await outcomes.resumed()

    seen: list[Alert] = []
    cursor = None
    while True:
        page = await story.answers(tenant_alerts, TenantAlerts(cursor=cursor, limit=2))
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    kinds = [AlertKind.store_suspended, AlertKind.listing_stale, AlertKind.low_stock]
    assert [alert.kind for alert in seen] == kinds
    assert [alert.resolved_at is None for alert in seen] == [True, False, True]
    page = await story.answers(
        tenant_alerts, TenantAlerts(open=True, listing_id=outcomes.ids["listing_id"])
    )
    assert [alert.kind for alert in page.items] == [AlertKind.low_stock]
    assert (await story.answers(tenant_alerts, TenantAlerts(), tenant="bert")).items == []
    assert (await story.answers(tenant_alerts, TenantAlerts(listing_id="nonsense"))).items == []
    with pytest.raises(Refused) as refused:
        await story.answers(tenant_alerts, TenantAlerts(cursor="!"))
    assert refused.value.field == "cursor"


async def test_an_alert_is_read_and_acknowledged_and_stands_until_its_cause_is_gone(
    outcomes: Outcomes,
) -> None:
    story = outcomes.story
    (alert,) = raised(await outcomes.paused(Hold.stale))
    story.clock.advance(5)
    read = await story.obeys(amend_alert, AmendAlert(alert_id=alert.alert_id))
    assert (read.read_at, read.acknowledged_at) == (story.clock.now(), None)
    unread = await story.obeys(amend_alert, AmendAlert(alert_id=alert.alert_id, read=False))
    assert unread.read_at is None
    wish = AmendAlert(alert_id=alert.alert_id, acknowledge=True)
    known = await story.obeys(amend_alert, wish)
    assert known.read_at == known.acknowledged_at == story.clock.now()
    assert known.resolved_at is None
    assert await story.scene.said() == []
    assert await outcomes.paused(Hold.stale) == []
    assert len(resolved(await outcomes.resumed())) == 1
    assert await story.rows("alerts", "is_read, alert_type") == [(True, "listing_stale")]


async def test_a_happening_is_over_when_somebody_acknowledges_it(shop: Any, costs: Costs) -> None:
    (alert,) = raised(await shop.hears(costs("24.00", "20.00")))
    wish = AmendAlert(alert_id=alert.alert_id, acknowledge=True)
    known = await shop.obeys(amend_alert, wish)
    assert known.resolved_at == shop.clock.now()
    (over,) = resolved(await shop.scene.said())
    assert over.reason == "acknowledged"
    await shop.obeys(amend_alert, wish)
    assert await shop.scene.said() == []
    await shop.hears(costs("24.10", "24.00"))
    assert len(await shop.rows("alerts", "id, raise_no")) == 1


async def test_another_s_alert_is_refused_exactly_like_an_unknown_one(outcomes: Outcomes) -> None:
    (alert,) = raised(await outcomes.paused(Hold.stale))
    story = outcomes.story
    for tenant, id_ in (
        ("bert", alert.alert_id),
        ("anna", story.id_of("unknown")),
        ("anna", "nonsense"),
    ):
        with pytest.raises(Refused) as refused:
            await story.obeys(amend_alert, AmendAlert(alert_id=id_), tenant=tenant)
        assert refused.value.kind == "not_found"
        assert refused.value.detail == f"you have no alert {id_}"


async def test_a_price_brought_while_it_sells_moves_no_alert(outcomes: Outcomes) -> None:
    await outcomes.paused(Hold.stale)
    assert await outcomes.tell(ListingRepriced, old=None, new=PRICE, decision_no=1) == []
