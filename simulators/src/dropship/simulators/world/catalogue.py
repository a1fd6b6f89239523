"""Which products there are: made from the seed, with every layout and offer state among them."""

from dataclasses import replace

from dropship.simulators.world.dice import Dice
from dropship.simulators.world.product import LOW_STOCK, Layout, Product, State, Truth
from dropship.simulators.world.vocabulary import BRANDS, SELLERS, WORDS

SITES = ("com", "co.uk", "de", "fr", "it", "es")
CURRENCIES = {"com": "USD", "co.uk": "GBP", "de": "EUR", "fr": "EUR", "it": "EUR", "es": "EUR"}
_ORDER = ("com", "de", "com", "co.uk", "fr", "com", "it", "es")
_LAYOUTS = (
    Layout.core_price,
    Layout.price_block,
    Layout.accordion,
    Layout.split_price,
    Layout.used_first,
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

Beginning = tuple[Product, Truth]


def source_of(site: str) -> str:
    """The name a shop site goes by everywhere else: ``amazon-co-uk`` for ``co.uk``."""
    return "amazon-" + site.replace(".", "-")


def make_products(seed: int, shop_count: int = 40, feed_count: int = 40) -> list[Beginning]:
    """All products with their first truths, shop pages first.

    The first eight pages are plainly for sale: safe to begin with. Of the later ones, two in five
    are low, sold out, used only or without a featured offer.
    """
    dice = Dice(seed, "catalogue")
    asins: list[str] = []
    while len(asins) < shop_count:
        asin = _asin(dice)
        if asin not in asins:
            asins.append(asin)
    shop = [_shop_product(Dice(seed, "product", asin), n, asin) for n, asin in enumerate(asins)]
    feed = [_feed_row(Dice(seed, "row", str(n)), n) for n in range(feed_count)]
    beginnings = [(p, _shop_truth(_begin(seed, p), p, n)) for n, p in enumerate(shop)]
    return beginnings + [(p, _feed_truth(_begin(seed, p), p, n)) for n, p in enumerate(feed)]


def _begin(seed: int, product: Product) -> Dice:
    return Dice(seed, "begin", product.source, product.id)


def _plain_truth(dice: Dice, product: Product) -> Truth:
    price = max(1, round(product.anchor_minor * (0.95 + dice.unit() / 10)))
    return Truth(price, dice.between(20, 90))


def _shop_truth(dice: Dice, product: Product, index: int) -> Truth:
    plain = _plain_truth(dice, product)
    match index % 13 if index >= 8 else None:
        case 8 | 10:
            return replace(plain, quantity=dice.between(1, LOW_STOCK))
        case 9:
            return replace(plain, quantity=0)
        case 11:
            return replace(plain, state=State.no_featured_offer)
        case 12:
            return replace(plain, state=State.used_only)
        case _:
            return plain


def _feed_truth(dice: Dice, product: Product, index: int) -> Truth:
    plain = _plain_truth(dice, product)
    if index % 10 == 7:
        return replace(plain, quantity=0)
    return replace(plain, quantity=dice.between(1, LOW_STOCK)) if index % 10 == 3 else plain


def _asin(dice: Dice) -> str:
    return "B0" + "".join(dice.pick(_LETTERS) for _ in range(8))


def _shop_product(dice: Dice, index: int, asin: str) -> Product:
    site = _ORDER[index % len(_ORDER)]
    brand, title = _name(dice, site)
    reviewed = dice.chance(0.85)
    by_shop = dice.chance(0.4)
    shop = "Amazon" if site == "de" else f"Amazon.{site}"
    return Product(
        source=source_of(site),
        id=asin,
        site=site,
        title=title,
        brand=brand,
        currency=CURRENCIES[site],
        anchor_minor=_anchor(dice),
        layout=_LAYOUTS[index % len(_LAYOUTS)],
        seller=shop if by_shop else dice.pick(SELLERS),
        rating_tenths=dice.between(31, 49) if reviewed else None,
        review_count=dice.between(3, 60) ** 2 + dice.between(0, 9) if reviewed else None,
        images=tuple(_image(dice) for _ in range(dice.between(1, 8))),
        has_list_price=dice.chance(0.4),
        has_unit_price=dice.chance(0.3),
    )


def _feed_row(dice: Dice, number: int) -> Product:
    id_ = f"SKU-{10001 + number * 7}"
    brand, title = _name(dice, "com")
    return Product(
        source="feed",
        id=id_,
        site="",
        title=title,
        brand=brand,
        currency="USD",
        anchor_minor=_anchor(dice),
        layout=Layout.feed,
        seller=brand,
        rating_tenths=None,
        review_count=None,
        images=(f"https://images.wholesale.example/{id_.lower()}.jpg",),
        has_list_price=False,
        has_unit_price=False,
    )


def _anchor(dice: Dice) -> int:
    """Mostly small money, sometimes over a thousand, so that thousands marks are met."""
    band = dice.pick(((499, 2499), (1999, 7999), (5999, 39999), (104999, 259999)))
    return dice.between(*band) // 10 * 10 + 9


def _name(dice: Dice, site: str) -> tuple[str, str]:
    words = WORDS[site if site in WORDS else "com"]
    brand = dice.pick(BRANDS)
    parts = (brand, dice.pick(words.things), dice.pick(words.details), dice.pick(words.packs))
    return brand, f"{parts[0]} {parts[1]}, {parts[2]} ({parts[3]})"


def _image(dice: Dice) -> str:
    return "71" + "".join(dice.pick(_LETTERS) for _ in range(9))
