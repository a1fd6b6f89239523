"""What a look at a supplier teaches us about a product."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.money import Money
from dropship.contracts.offers import FailureReason, Flag, ObservationFailed, OfferObserved
from dropship.contracts.products import (
    PriceChanged,
    ProductDescribed,
    ProductImported,
    ProductVanished,
    StockChanged,
)
from dropship.pricing.money import to_wire
from dropship.tracker.domain.observing import Asked, Concluded, Seen, State, miss, observe

Offer = Callable[..., OfferObserved]
Failure = Callable[..., ObservationFailed]
Minute = Callable[[float], datetime]


def seen(*looks: OfferObserved | ObservationFailed, state: State | None = None) -> Concluded:
    """The state after these looks, with the facts of the last one."""
    concluded = Concluded(state or Asked())
    for look in looks:
        if isinstance(look, OfferObserved):
            concluded = observe(concluded.state, look, stored_at=look.observed_at)
        else:
            concluded = miss(concluded.state, look, stored_at=look.observed_at, gap_s=60)
    return concluded


def names(concluded: Concluded) -> list[str]:
    return [type(fact).__name__ for fact in concluded.facts]


def test_the_first_look_imports_describes_prices_and_stocks_the_product(offer: Offer) -> None:
    first = offer(quantity=3, quantity_kind=QuantityKind.exact)
    imported, described, priced, stocked = seen(first).facts
    assert imported == ProductImported(
        product_id=first.product_id, source="amazon-com", external_id="B1"
    )
    assert isinstance(described, ProductDescribed)
    assert described.title == "A kettle"
    assert isinstance(priced, PriceChanged)
    assert (priced.old, priced.new) == (None, Money("10.00", "USD"))
    assert isinstance(stocked, StockChanged)
    assert (stocked.old, stocked.new, stocked.new_quantity) == (None, Availability.in_stock, 3)


def test_a_look_that_finds_nothing_new_says_nothing(offer: Offer, minute: Minute) -> None:
    again = seen(offer(0), offer(1))
    assert again.facts == ()
    assert isinstance(again.state, Seen)
    assert again.state.last_seen_at == minute(1)
    assert again.state.last_changed_at == minute(0)


def test_a_dearer_supplier_is_a_price_change_and_nothing_else(offer: Offer) -> None:
    dearer = seen(offer(0), offer(1, price="12.50"))
    (change,) = dearer.facts
    assert isinstance(change, PriceChanged)
    assert (change.old, change.new) == (Money("10.00", "USD"), Money("12.50", "USD"))


def test_the_same_sum_written_shorter_is_no_price_change(offer: Offer) -> None:
    assert seen(offer(0, price="10.00"), offer(1, price="10")).facts == ()


def test_selling_out_takes_the_price_away_and_says_out_of_stock(offer: Offer) -> None:
    gone = offer(1, price=None, availability=Availability.out_of_stock, quantity=0)
    assert names(seen(offer(0), gone)) == ["StockChanged", "PriceChanged"]


def test_fewer_pieces_left_is_a_stock_change(offer: Offer) -> None:
    assert names(seen(offer(0, quantity=9), offer(1, quantity=8))) == ["StockChanged"]


def test_unknown_availability_does_not_empty_the_shelf(offer: Offer) -> None:
    unsure = seen(offer(0, quantity=4), offer(1, availability=Availability.unknown))
    assert unsure.facts == ()
    assert isinstance(unsure.state, Seen)
    assert unsure.state.stock is not None
    assert unsure.state.stock.quantity == 4


def test_a_missing_price_without_a_reason_is_not_believed(offer: Offer) -> None:
    doubtful = seen(offer(0), offer(1, price=None))
    assert doubtful.facts == ()
    assert doubtful.doubt == "unclear_offer"


def test_a_missing_price_with_a_reason_means_no_offer(offer: Offer) -> None:
    none = offer(1, price=None, flags=(Flag.no_featured_offer,))
    (change,) = seen(offer(0), none).facts
    assert isinstance(change, PriceChanged)
    assert (change.new, change.flags) == (None, (Flag.no_featured_offer,))


@pytest.mark.parametrize("price", ["0.00", "-1.00", "1.005"])
def test_a_price_that_cannot_be_is_not_believed(offer: Offer, price: str) -> None:
    assert seen(offer(0), offer(1, price=price)).facts == ()


def test_sold_out_is_believed_even_beside_a_price_that_cannot_be(offer: Offer) -> None:
    odd = offer(1, price="0.00", availability=Availability.out_of_stock)
    assert names(seen(offer(0), odd)) == ["StockChanged"]


def test_an_offer_shown_to_another_country_is_never_compared(offer: Offer) -> None:
    abroad = seen(offer(0, ship_to="US"), offer(1, ship_to="NL", price="99.00"))
    assert abroad.facts == ()
    assert abroad.doubt == "other_context"


def test_a_price_in_another_currency_is_never_compared(offer: Offer) -> None:
    assert seen(offer(0), offer(1, currency="EUR")).doubt == "other_context"


def test_a_look_that_does_not_say_for_whom_fits_any_context(offer: Offer) -> None:
    looks = offer(0), offer(1, ship_to="US"), offer(2, ship_to="US", price="11.00")
    assert names(seen(*looks)) == ["PriceChanged"]


def test_an_older_look_that_arrives_late_changes_nothing(offer: Offer) -> None:
    assert seen(offer(5), offer(4, price="1.00")).facts == ()


def test_a_supplier_clock_that_runs_ahead_does_not_shut_out_later_looks(
    offer: Offer, minute: Minute
) -> None:
    ahead = observe(Asked(), offer(600), stored_at=minute(0))
    assert names(observe(ahead.state, offer(1, price="9.00"), stored_at=minute(1))) == [
        "PriceChanged"
    ]


def test_a_new_title_describes_the_product_anew(offer: Offer) -> None:
    assert names(seen(offer(0), offer(1, title="A bigger kettle"))) == ["ProductDescribed"]


def test_text_that_the_database_cannot_hold_is_cleaned(offer: Offer) -> None:
    state = seen(offer(0, title="A\0kettle", seller="\0", ship_to="U\0S")).state
    assert isinstance(state, Seen)
    assert (state.description.title, state.description.seller) == ("Akettle", "")
    assert state.context.ship_to == "US"


@pytest.mark.parametrize("reason", list(FailureReason))
def test_no_failure_ever_changes_a_price_or_a_stock(
    offer: Offer, failure: Failure, reason: FailureReason
) -> None:
    before = seen(offer(0)).state
    after = seen(failure(1, reason), state=before)
    assert after.facts == ()
    assert isinstance(before, Seen)
    assert isinstance(after.state, Seen)
    assert (after.state.price, after.state.stock) == (before.price, before.stock)


def test_a_page_gone_for_three_looks_has_vanished_and_is_said_once(
    offer: Offer, failure: Failure, minute: Minute
) -> None:
    gone = [failure(at, FailureReason.not_found) for at in (1, 2, 3)]
    third = seen(offer(0), *gone)
    vanished, stocked = third.facts
    assert isinstance(vanished, ProductVanished)
    assert (vanished.looks, vanished.since) == (3, minute(1))
    assert isinstance(stocked, StockChanged)
    assert (stocked.old, stocked.new) == (Availability.in_stock, Availability.discontinued)
    assert seen(failure(4, FailureReason.gone), state=third.state).facts == ()


def test_what_had_vanished_and_is_back_as_it_was_is_news(offer: Offer, failure: Failure) -> None:
    gone = [failure(at, FailureReason.not_found) for at in (1, 2, 3)]
    (back,) = seen(offer(0), *gone, offer(4)).facts
    assert isinstance(back, StockChanged)
    assert (back.old, back.new) == (Availability.discontinued, Availability.in_stock)


def test_an_offer_that_is_suddenly_used_only_is_news_at_the_same_price(offer: Offer) -> None:
    (change,) = seen(offer(0), offer(1, flags=(Flag.third_party,))).facts
    assert isinstance(change, PriceChanged)
    assert change.old == change.new
    assert change.flags == (Flag.third_party,)


def test_three_looks_in_one_breath_are_one_look(offer: Offer, failure: Failure) -> None:
    gone = [failure(at, FailureReason.not_found) for at in (1, 1.1, 1.2, 1.3)]
    assert seen(offer(0), *gone).facts == ()


def test_a_page_that_comes_back_starts_the_count_anew(offer: Offer, failure: Failure) -> None:
    def gone(at: float) -> ObservationFailed:
        return failure(at, FailureReason.not_found)

    assert seen(offer(0), gone(1), gone(2), offer(3), gone(4), gone(5)).facts == ()


def test_being_blocked_is_not_being_gone(offer: Offer, failure: Failure) -> None:
    assert seen(offer(0), *(failure(at) for at in (1, 2, 3, 4))).facts == ()


# One property over every history: once it is taken in, taking it in again says nothing.

offers = st.fixed_dictionaries(
    {
        "price": st.one_of(st.none(), st.sampled_from(["10.00", "11.99", "0", "1.005"])),
        "currency": st.sampled_from(["USD", "EUR", "JPY"]),
        "availability": st.sampled_from(list(Availability)),
        "quantity": st.one_of(st.none(), st.integers(-1, 2**40)),
        "flags": st.lists(st.sampled_from(list(Flag)), unique=True, max_size=2).map(tuple),
        "ship_to": st.sampled_from([None, "US", "NL"]),
        "title": st.sampled_from(["A kettle", "A pot", ""]),
    }
)
histories = st.lists(st.tuples(st.integers(0, 30), offers), max_size=8)


def looks(offer: Offer, history: Sequence[tuple[int, dict[str, Any]]]) -> list[OfferObserved]:
    return [offer(at, **details) for at, details in history]


@given(histories)
def test_observing_the_same_thing_twice_says_nothing_the_second_time(
    offer: Offer, history: Sequence[tuple[int, dict[str, Any]]]
) -> None:
    state: State = Asked()
    for look in looks(offer, history):
        once = seen(look, state=state)
        twice = seen(look, state=once.state)
        assert (twice.facts, twice.state) == ((), once.state)
        state = once.state


@given(histories)
def test_a_replayed_history_says_nothing_and_changes_nothing(
    offer: Offer, history: Sequence[tuple[int, dict[str, Any]]]
) -> None:
    state = seen(*looks(offer, history)).state
    for look in looks(offer, history):
        replayed = seen(look, state=state)
        assert (replayed.facts, replayed.state) == ((), state)


@given(histories)
def test_the_facts_fold_to_the_price_and_stock_that_are_known(
    offer: Offer, history: Sequence[tuple[int, dict[str, Any]]]
) -> None:
    state: State = Asked()
    price: Money | None = None
    stock: Availability | None = None
    for look in looks(offer, history):
        concluded = seen(look, state=state)
        state = concluded.state
        for fact in concluded.facts:
            if isinstance(fact, PriceChanged):
                assert fact.old == price
                price = fact.new
            elif isinstance(fact, StockChanged):
                assert fact.old == stock
                stock = fact.new
    if isinstance(state, Seen):
        assert price == (to_wire(state.price) if state.price else None)
        assert stock == (state.stock.availability if state.stock else None)
