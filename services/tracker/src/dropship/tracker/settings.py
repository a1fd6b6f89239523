"""What an operator tells the tracker."""

from pydantic import Field

from dropship.runtime.settings import ServiceSettings
from dropship.tracker.domain.importing import Patience

SLOWEST_VANISH_GAP_S = 60


class TrackerSettings(ServiceSettings):
    """The tracker's own knobs; the rest is every service's."""

    check_every_s: int = Field(
        3600, ge=1, le=604_800, description="seconds between checks of a new watch, 1 to 604800"
    )
    import_coalesce_s: float = Field(
        30, gt=0, description="seconds for which imports of one product share a look"
    )
    import_again_s: float = Field(
        60, gt=0, description="seconds without an answer after which a look is asked for again"
    )
    import_deadline_s: float = Field(
        300, gt=0, description="seconds after which an import that was asked for fails"
    )

    @property
    def patience(self) -> Patience:
        """How long imports wait."""
        return Patience(self.import_coalesce_s, self.import_again_s, self.import_deadline_s)

    @property
    def vanish_gap_s(self) -> float:
        """How far apart the looks must be that together say a page is gone."""
        return min(SLOWEST_VANISH_GAP_S, self.check_every_s)
