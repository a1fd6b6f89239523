"""How each shop site writes money, numbers, ratings and stock."""

from dataclasses import dataclass

_NBSP = "\u00a0"
_NARROW = "\u202f"


@dataclass(frozen=True, slots=True)
class Locale:
    """The phrases and number marks of one site. `money` is filled with an amount."""

    language: str
    shop: str
    money: str
    symbol: str
    thousands: str
    decimal: str
    rating: str
    ratings: str
    in_stock: str
    low: str
    unavailable: str
    unavailable_more: str
    from_sellers: str
    see_all: str
    from_price: str
    sold_by: str
    ships_and_sold: str
    new: str
    members: str
    used: str
    list_price: str
    add_to_cart: str
    deliver_to: str
    type_characters: str
    continue_shopping: str
    not_found: str

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", self.thousands)

    def whole(self, minor: int) -> str:
        return self.number(minor // 100)

    def fraction(self, minor: int) -> str:
        return f"{minor % 100:02d}"

    def price(self, minor: int) -> str:
        """Minor units as this site writes them: ``$1,299.00``, ``1.299,00 €``."""
        return self.money.format(f"{self.whole(minor)}{self.decimal}{self.fraction(minor)}")

    def stars(self, tenths: int) -> str:
        return self.rating.format(f"{tenths // 10}{self.decimal}{tenths % 10}")


_ENGLISH = Locale(
    language="en_US",
    shop="Amazon.com",
    money="${}",
    symbol="$",
    thousands=",",
    decimal=".",
    rating="{} out of 5 stars",
    ratings="{} ratings",
    in_stock="In Stock",
    low="Only {} left in stock - order soon.",
    unavailable="Currently unavailable.",
    unavailable_more="We don't know when or if this item will be back in stock.",
    from_sellers="Available from these sellers.",
    see_all="See All Buying Options",
    from_price="New & Used ({}) from {}",
    sold_by="Sold by",
    ships_and_sold="Ships from and sold by {}.",
    new="Regular Price",
    members="Prime Member Price",
    used="Buy used:",
    list_price="List Price:",
    add_to_cart="Add to Cart",
    deliver_to="Deliver to New York 10001",
    type_characters="Enter the characters you see below",
    continue_shopping="Click the button below to continue shopping",
    not_found="Sorry! We couldn't find that page.",
)
_BRITISH = Locale(
    language="en_GB",
    shop="Amazon.co.uk",
    money="£{}",
    symbol="£",
    thousands=",",
    decimal=".",
    rating="{} out of 5 stars",
    ratings="{} ratings",
    in_stock="In stock",
    low="Only {} left in stock.",
    unavailable="Currently unavailable.",
    unavailable_more="We don't know when or if this item will be back in stock.",
    from_sellers="Available from these sellers.",
    see_all="See All Buying Options",
    from_price="New & Used ({}) from {}",
    sold_by="Sold by",
    ships_and_sold="Dispatched from and sold by {}.",
    new="Regular Price",
    members="Prime Member Price",
    used="Buy used:",
    list_price="RRP:",
    add_to_cart="Add to Basket",
    deliver_to="Deliver to London E1 6",
    type_characters="Enter the characters you see below",
    continue_shopping="Click the button below to continue shopping",
    not_found="Sorry! We couldn't find that page.",
)
_GERMAN = Locale(
    language="de_DE",
    shop="Amazon.de",
    money="{}" + _NBSP + "€",
    symbol="€",
    thousands=".",
    decimal=",",
    rating="{} von 5 Sternen",
    ratings="{} Sternebewertungen",
    in_stock="Auf Lager.",
    low="Nur noch {} auf Lager",
    unavailable="Derzeit nicht verfügbar.",
    unavailable_more="Ob und wann dieser Artikel wieder vorrätig sein wird, ist unbekannt.",
    from_sellers="Erhältlich bei diesen Anbietern.",
    see_all="Alle Angebote",
    from_price="Neu & gebraucht ({}) ab {}",
    sold_by="Verkauf durch",
    ships_and_sold="Verkauf und Versand durch {}.",
    new="Normaler Preis",
    members="Preis für Prime-Mitglieder",
    used="Gebraucht kaufen:",
    list_price="UVP:",
    add_to_cart="In den Einkaufswagen",
    deliver_to="Liefern nach Berlin 10115",
    type_characters="Geben Sie die Zeichen unten ein",
    continue_shopping="Klicke auf die Schaltfläche unten, um mit dem Einkauf fortzufahren",
    not_found="Die eingegebene Web-Adresse ist keine funktionierende Seite.",
)
_FRENCH = Locale(
    language="fr_FR",
    shop="Amazon.fr",
    money="{}" + _NBSP + "€",
    symbol="€",
    thousands=_NARROW,
    decimal=",",
    rating="{} sur 5" + _NBSP + "étoiles",
    ratings="{} évaluations",
    in_stock="En stock",
    low="Il ne reste plus que {} exemplaire(s) en stock.",
    unavailable="Actuellement indisponible.",
    unavailable_more="Nous ne savons pas quand cet article sera de nouveau approvisionné.",
    from_sellers="Voir les offres de ces vendeurs.",
    see_all="Voir toutes les options d'achat",
    from_price="Neufs et d'occasion ({}) à partir de {}",
    sold_by="Vendu par",
    ships_and_sold="Expédié et vendu par {}.",
    new="Prix normal",
    members="Prix pour les membres Prime",
    used="Acheter d'occasion :",
    list_price="Prix conseillé :",
    add_to_cart="Ajouter au panier",
    deliver_to="Livraison à Paris 75001",
    type_characters="Saisissez les caractères que vous voyez ci-dessous",
    continue_shopping="Cliquez sur le bouton ci-dessous pour continuer vos achats",
    not_found="Désolés ! Nous ne trouvons pas cette page.",
)
_ITALIAN = Locale(
    language="it_IT",
    shop="Amazon.it",
    money="{}" + _NBSP + "€",
    symbol="€",
    thousands=".",
    decimal=",",
    rating="{} su 5 stelle",
    ratings="{} voti",
    in_stock="Disponibilità immediata",
    low="Disponibilità: solo {}",
    unavailable="Attualmente non disponibile.",
    unavailable_more="Non sappiamo se o quando l'articolo sarà di nuovo disponibile.",
    from_sellers="Disponibile presso questi venditori.",
    see_all="Visualizza tutte le opzioni di acquisto",
    from_price="Nuovo e usato ({}) da {}",
    sold_by="Venduto da",
    ships_and_sold="Venduto e spedito da {}.",
    new="Prezzo normale",
    members="Prezzo per i clienti Prime",
    used="Acquista usato:",
    list_price="Prezzo consigliato:",
    add_to_cart="Aggiungi al carrello",
    deliver_to="Invia a Roma 00118",
    type_characters="Inserire i caratteri visualizzati nello spazio sottostante",
    continue_shopping="Fai clic sul pulsante qui sotto per continuare con gli acquisti",
    not_found="Siamo spiacenti, non riusciamo a trovare la pagina.",
)
_SPANISH = Locale(
    language="es_ES",
    shop="Amazon.es",
    money="{}" + _NBSP + "€",
    symbol="€",
    thousands=".",
    decimal=",",
    rating="{} de 5 estrellas",
    ratings="{} valoraciones",
    in_stock="En stock",
    low="Sólo queda(n) {} en stock.",
    unavailable="No disponible.",
    unavailable_more="No sabemos si este producto volverá a estar disponible, ni cuándo.",
    from_sellers="Disponible a través de estos vendedores.",
    see_all="Ver todas las opciones de compra",
    from_price="Nuevo y usado ({}) desde {}",
    sold_by="Vendido por",
    ships_and_sold="Vendido y enviado por {}.",
    new="Precio normal",
    members="Precio para clientes Prime",
    used="Comprar usado:",
    list_price="Precio recomendado:",
    add_to_cart="Añadir a la cesta",
    deliver_to="Enviar a Madrid 28001",
    type_characters="Introduce los caracteres que ves a continuación",
    continue_shopping="Haz clic en el botón de abajo para continuar comprando",
    not_found="Lo sentimos. No encontramos esa página.",
)
_BY_SITE = {
    "com": _ENGLISH,
    "co.uk": _BRITISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "it": _ITALIAN,
    "es": _SPANISH,
}


def locale_of(site: str) -> Locale:
    """The site's locale; sites without products of their own answer in US English."""
    return _BY_SITE.get(site, _ENGLISH)


SHOP_SITES = (*_BY_SITE, "co.jp", "in", "ca", "com.au")
"""Every site that may be asked for. Those without products here answer 404 or saved pages."""
