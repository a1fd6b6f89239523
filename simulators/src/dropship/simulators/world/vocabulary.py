"""The words that titles, brands and sellers are made of. All names are invented."""

from dataclasses import dataclass

BRANDS = (
    "Norvika",
    "Brightmoor",
    "Casa & Luz",
    "Tindrel",
    "Okavi",
    "Pellworth",
    "Ünika",
    "O'Marren",
    "Zephyrin",
    "Halden 7",
)
SELLERS = (
    "Okavi Direct",
    "Brightmoor Outlet EU",
    "T&R Handels GmbH",
    "La Maison d'Émile",
    "northgate-supplies",
    "Lumen 🎁 Store",
)


@dataclass(frozen=True, slots=True)
class Words:
    things: tuple[str, ...]
    details: tuple[str, ...]
    packs: tuple[str, ...]


_ENGLISH = Words(
    things=(
        "Folding Desk Lamp",
        "Stainless Steel Water Bottle",
        "Wireless Doorbell",
        "Garden Hose Reel",
        "Cast Iron Pan",
        "Portable Power Bank",
        "Yoga Mat",
        'Monitor Stand 1.5" Riser',
    ),
    details=(
        "Dimmable & Foldable",
        "24 oz",
        'with 2.4" Display',
        "Quick-Dry <Pro> Series",
        "10,000 mAh",
        "Non-Slip",
    ),
    packs=("Pack of 2", "1 Count", "Black", "Sea Green", "Set of 4"),
)
WORDS = {
    "com": _ENGLISH,
    "co.uk": _ENGLISH,
    "de": Words(
        things=("Schreibtischlampe", "Trinkflasche aus Edelstahl", "Funkklingel", "Gießkanne"),
        details=("für Innen & Außen", "dimmbar, weiß", "1,5 l", "mit großem Display"),
        packs=("2er-Pack", "schwarz", "1 x 200 ml", "Größe M"),
    ),
    "fr": Words(
        things=("Lampe de bureau", "Gourde isotherme", "Sonnette sans fil", "Poêle en fonte"),
        details=("pliable & réglable", "1,5 L", "idéale pour l'été", "à économie d'énergie"),
        packs=("Lot de 2", "Noir", "Bleu pâle", "1 pièce"),
    ),
    "it": Words(
        things=("Lampada da scrivania", "Borraccia in acciaio", "Campanello senza fili"),
        details=("con più livelli di luce", "1,5 l", "qualità superiore", "per l'ufficio"),
        packs=("Confezione da 2", "Nero", "Verde acqua"),
    ),
    "es": Words(
        things=("Lámpara de escritorio", "Botella de acero", "Timbre inalámbrico", "Sartén"),
        details=("plegable y regulable", "1,5 l", "diseño español", "con pantalla pequeña"),
        packs=("Paquete de 2", "Negro", "Tamaño único"),
    ),
}
