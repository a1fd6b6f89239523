"""What Amazon's sites say about stock, in their languages: phrases that decide, and nothing else.

A phrase missing here costs a reading (`unknown`), never a shop: nothing is out of stock unless the
page says so.
"""

import re

from msgspec import Struct

from dropship.contracts.availability import Availability, QuantityKind


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


OUT = _any(
    r"currently unavailable",
    r"\bout of stock",
    r"\bsold out",
    r"derzeit nicht (?:verfügbar|auf lager|erhältlich)",
    r"nicht (?:vorrätig|auf lager|lieferbar)",
    r"ausverkauft",
    r"(?:actuellement|momentanément) indisponible",
    r"rupture de stock",
    r"(?:attualmente|al momento|temporaneamente) non disponibile",
    r"non disponibile",
    r"\besaurito",
    r"no disponible",
    r"\bsin stock",
    r"\bagotado",
    r"在庫切れ",
    r"お取り扱いできません",
    r"入荷時期は未定",
    r"(?:momenteel|op dit moment) niet (?:verkrijgbaar|beschikbaar|leverbaar)",
    r"niet op voorraad",
    r"niedostępn",
    r"(?:inte|ej) (?:tillgänglig|i lager)",
    r"não disponível",
    r"indisponível",
    r"fora de estoque",
    r"mevcut değil",
    r"stokta yok",
)

BACKORDER = _any(
    r"temporarily out of stock",
    r"in stock (?:on|soon|by)\b",
    r"vorübergehend nicht (?:auf lager|verfügbar)",
    r"(?:wieder )?(?:auf lager|vorrätig) ab\b",
    r"temporairement en rupture",
    r"en stock (?:le|à partir du)\b",
    r"temporaneamente non disponibile",
    r"disponibile (?:dal|a partire dal)\b",
    r"temporalmente (?:sin stock|agotado|sin existencias)",
    r"en stock (?:el|a partir del)\b",
    r"一時的に在庫切れ",
    r"tijdelijk (?:uitverkocht|niet op voorraad)",
)

PREORDER = _any(
    r"will be released on",
    r"\bpre-?order",
    r"erscheint am",
    r"\bvorbestell",
    r"(?:paraîtra|sortira|sera disponible) le",
    r"précommand",
    r"(?:sarà disponibile|verrà rilasciato|esce) (?:dal|il)",
    r"\bpreordin",
    r"(?:saldrá|estará) (?:a la venta|disponible) el",
    r"\b(?:reserva|pre-?pedido)\b",
    r"(?:発売予定|予約)",
)

SELLERS = _any(
    r"available from these sellers",
    r"no featured offers? available",
    r"see all buying (?:options|choices)",
    r"(?:verfügbar|erhältlich) bei\s+diesen anbietern",
    r"keine (?:hervorgehobenen|empfohlenen) angebote",
    r"disponible (?:auprès de|chez)\s+ces vendeurs",
    r"aucune offre (?:mise en avant|en vedette|sélectionnée)",
    r"disponibile presso\s+questi venditori",
    r"nessuna offerta (?:in evidenza|in vetrina)",
    r"disponible (?:a través de|por medio de)\s+estos vendedores",
    r"(?:no hay|sin) ofertas destacadas",
    r"出品者からお求め",
    r"おすすめ出品の要件を満たす出品はありません",
    r"beschikbaar bij deze verkopers",
)

IN_STOCK = _any(
    r"\bin stock",
    r"\bauf lager",
    r"\bvorrätig",
    r"\ben stock",
    r"disponibilità immediata",
    r"\bdisponibile\b",
    r"\bdisponible\b",
    r"在庫あり",
    r"op voorraad",
    r"\bdostępn",
    r"\bi lager",
    r"em estoque",
    r"stokta var",
    r"available (?:now|immediately)",
)

LOW = _any(
    r"only (?P<en>\d{1,4}) (?:\w+ )?left",
    r"nur noch (?P<de>\d{1,4})\b",
    r"plus que (?P<fr>\d{1,4})\b",
    r"solo (?P<it>\d{1,4})\b",
    r"s[oó]lo queda(?:\(?n\)?)? (?P<es>\d{1,4})\b",
    r"残り\s*(?P<ja>\d{1,4})\s*点",
    r"nog (?:slechts|maar) (?P<nl>\d{1,4})\b",
    r"(?:tylko|zostało) (?P<pl>\d{1,4})\b",
    r"endast (?P<sv>\d{1,4}) kvar",
    r"(?:apenas|restam|somente) (?P<pt>\d{1,4})\b",
    r"sadece (?P<tr>\d{1,4}) adet",
)

_SPAN = re.compile(
    r"(?:(?P<low>\d{1,3})\s*(?:-|\u2013|to|bis|à|a|\uff5e|~|tot)\s*)?(?P<high>\d{1,3})\s*"
    r"(?P<unit>(?:business |working )?days?|werktagen?|tagen?|jours?|giorn[io]|días?|日|dagen|dni"
    r"|weeks?|wochen?|semaines?|settimane|settimana|semanas?|週間|weken"
    r"|months?|monaten?|mois|mes[ie]s?|か月|maanden)",
    re.IGNORECASE,
)
_WEEKS = _any(r"^(?:week|woche|semain|settiman|semana|週|wek|weken)")
_MONTHS = _any(r"^(?:month|monat|mois|mes|か月|maand)")
_SHIPS = _any(
    r"\bship|\bdispatch|versand|expédi|spedi|env[ií]|発送|verzon|verzend|delivered in|lieferbar in"
)

USED = _any(
    r"\bused\b|\brenewed\b|refurbished|open.?box|pre-?owned|warehouse|gebraucht|generalüberholt",
    r"d['\u2019]occasion",
    r"reconditionné|\busat[oi]\b|ricondizionat|segunda mano|\busado|reacondicionad",
    r"中古|整備済|tweedehands|gebruikt|używan|begagnad",
)
MEMBERS = _any(r"\bprime\b", r"プライム")
SUBSCRIPTION = _any(
    r"subscribe",
    r"spar-?abo",
    r"abonn",
    r"économisez en",
    r"periodic[ao]",
    r"suscr",
    r"定期おトク便",
)

LATE_DAYS = 14
"""From here on a lead time is no stock any more, but an order that waits."""


class Stock(Struct, frozen=True):
    """What an availability line says."""

    availability: Availability
    quantity: int | None = None
    ships_in_days: int | None = None

    @property
    def quantity_kind(self) -> QuantityKind | None:
        """A number that a page states is exact; no number has no kind."""
        return None if self.quantity is None else QuantityKind.exact


def lead_time(text: str) -> int | None:
    """Days until dispatch that a line names, the longer end of a span; None if it names none."""
    match = _SPAN.search(text) if _SHIPS.search(text) else None
    if match is None:
        return None
    unit = match["unit"]
    return int(match["high"]) * (30 if _MONTHS.match(unit) else 7 if _WEEKS.match(unit) else 1)


def _left(text: str) -> int | None:
    match = LOW.search(text)
    return next(int(n) for n in match.groups() if n) if match is not None else None


def stock_in(text: str, *, buyable: bool) -> Stock:
    """What a line about availability says, where `buyable` tells that a buy button stands with it.

    A button alone means that it may be bought; a line alone means what it says; neither is unknown.
    """
    if PREORDER.search(text):
        return Stock(Availability.preorder)
    if buyable and BACKORDER.search(text):
        return Stock(Availability.backorder)
    left, days = _left(text), lead_time(text)
    if OUT.search(text) or left == 0:
        return Stock(Availability.out_of_stock, 0)
    if left is not None:
        return Stock(Availability.low, left, days)
    if not buyable and not IN_STOCK.search(text):
        return Stock(Availability.unknown)
    late = days is not None and days >= LATE_DAYS
    return Stock(Availability.backorder if late else Availability.in_stock, None, days)
