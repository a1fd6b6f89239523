"""A step put into the words of the marketplace port, and its answer into ours."""

from collections.abc import Mapping
from dataclasses import dataclass

from dropship.syncer.adapters.port import NO_REFS, Access, Marketplace, Seen, Wanted
from dropship.syncer.domain.listing import Listing, There
from dropship.syncer.domain.outcomes import Intent
from dropship.syncer.domain.steps import Create, End, Look, Publish, SetPrice, SetQuantity, Step
from dropship.syncer.projections.listings import Content

LONGEST_TITLE = 255


@dataclass(frozen=True)
class Sent:
    """One call, ready to be made: everything in it was decided before. `content` is for a creation
    alone.
    """

    intent: Intent
    step: Step
    listing: Listing
    content: Content | None

    async def make(self, market: Marketplace, access: Access) -> There | None:
        """Make it, and say what stands there now. Raises the errors of the port."""
        effect_id = self.intent.command_id
        match self.step:
            case Look():
                return there_of(await market.find(access, self.listing.id, refs_of(self.listing)))
            case Create():
                return there_of(await market.create(access, self._wanted(self.step), effect_id))
            case Publish():
                return there_of(await market.publish(access, self._seen(), effect_id))
            case SetPrice(price=price):
                seen = await market.set_price(access, self._seen(), price, effect_id)
                return there_of(seen)
            case SetQuantity(quantity=quantity):
                seen = await market.set_quantity(access, self._seen(), quantity, effect_id)
                return there_of(seen)
            case End():
                return there_of(await market.end(access, self._seen(), effect_id))

    def _wanted(self, step: Create) -> Wanted:
        content = self.content
        assert content is not None
        return Wanted(
            key=self.listing.id,
            sku=content.sku,
            title=content.title[:LONGEST_TITLE],
            description=content.description,
            images=content.images,
            price=step.price,
            quantity=step.quantity,
        )

    def _seen(self) -> Seen:
        there = self.listing.there
        assert there is not None
        return Seen(
            key=self.listing.id,
            external_id=there.external_id,
            shown=there.shown,
            price=there.price,
            quantity=there.quantity,
            refs=there.refs,
        )


def refs_of(listing: Listing) -> Mapping[str, str]:
    """What named its parts when it was last seen."""
    return listing.there.refs if listing.there is not None else NO_REFS


def there_of(seen: Seen | None) -> There | None:
    """What the marketplace showed, without our key in it."""
    if seen is None:
        return None
    return There(seen.external_id, seen.shown, seen.price, seen.quantity, dict(seen.refs))
