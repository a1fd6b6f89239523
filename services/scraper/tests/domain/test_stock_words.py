"""Lines about availability, in the languages of the sites."""

import pytest

from dropship.contracts.availability import Availability
from dropship.scraper.domain.amazon.words import stock_in


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Only 2 left in stock.", 2),
        ("Only 1 left in stock - order soon.", 1),
        ("Nur noch 7 auf Lager", 7),
        ("Nur noch 3 Stück auf Lager \u2013 jetzt bestellen.", 3),
        ("Il ne reste plus que 4 exemplaire(s) en stock.", 4),
        ("Disponibilità: solo 1 -- ordina subito", 1),
        ("Solo queda(n) 3 en stock.", 3),
        ("Sólo quedan 5 unidad(es) en stock", 5),
        ("残り2点 ご注文はお早めに", 2),
        ("Nog slechts 6 op voorraad", 6),
    ],
)
def test_few_left_is_low_with_the_exact_number(line: str, left: int) -> None:
    stock = stock_in(line, buyable=True)
    assert (stock.availability, stock.quantity) == (Availability.low, left)


@pytest.mark.parametrize(
    "line",
    [
        "Currently unavailable. We don't know when or if this item will be back in stock.",
        "Derzeit nicht verfügbar.",
        "Actuellement indisponible.",
        "Non disponibile.",
        "No disponible por el momento.",
        "現在在庫切れです。",
    ],
)
def test_only_the_supplier_s_own_words_make_a_thing_sold_out(line: str) -> None:
    stock = stock_in(line, buyable=False)
    assert (stock.availability, stock.quantity) == (Availability.out_of_stock, 0)


@pytest.mark.parametrize(
    "line", ["In Stock.", "Auf Lager.", "En stock.", "Disponibilità immediata.", "在庫あり。"]
)
def test_in_stock_has_no_number(line: str) -> None:
    stock = stock_in(line, buyable=False)
    assert (stock.availability, stock.quantity) == (Availability.in_stock, None)


@pytest.mark.parametrize(
    ("line", "days", "availability"),
    [
        ("Usually ships within 3 to 4 days.", 4, Availability.in_stock),
        ("Habituellement expédié sous 3 à 4 jours.", 4, Availability.in_stock),
        ("Gewöhnlich versandfertig in 2 bis 3 Wochen.", 21, Availability.backorder),
        ("Usually dispatched within 1 to 2 months.", 60, Availability.backorder),
        ("通常3\uff5e4日以内に発送します。", 4, Availability.in_stock),
    ],
)
def test_a_long_lead_time_is_an_order_that_waits(
    line: str, days: int, availability: Availability
) -> None:
    stock = stock_in(line, buyable=True)
    assert (stock.availability, stock.ships_in_days) == (availability, days)


def test_temporarily_out_of_stock_may_still_be_ordered() -> None:
    line = "Temporarily out of stock. Order now and we'll deliver when available."
    assert stock_in(line, buyable=True).availability is Availability.backorder
    assert stock_in(line, buyable=False).availability is Availability.out_of_stock


def test_a_thing_to_come_is_a_preorder() -> None:
    line = "This item will be released on March 3, 2027."
    assert stock_in(line, buyable=True).availability is Availability.preorder


def test_no_word_and_no_button_is_unknown_and_never_sold_out() -> None:
    assert stock_in("", buyable=False).availability is Availability.unknown
    assert stock_in("Quelque chose", buyable=False).availability is Availability.unknown
