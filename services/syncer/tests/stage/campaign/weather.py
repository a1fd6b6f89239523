"""What goes wrong in one schedule: each seed draws its own faults, and how often they strike."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

LOST = 0.15
"""The share of answers that never arrive, in a schedule that loses any."""


@dataclass(frozen=True)
class Weather:
    """Shares are probabilities per occasion, `…_s` are seconds of virtual time."""

    listings: int
    stormy_s: float
    """How long there are faults; after that the world stands still and must come to rest."""
    lease_s: float
    look_every_s: float
    resume_after_s: int
    rehearses_s: float
    """How long the store is a dry run at first; 0: it is live at once."""

    lost_answer: float
    lost_request: float
    error_after_effect: float
    unavailable: float
    throttled: float
    throttling_storms: int
    refused: float
    revoked: float
    read_lag: float
    late_effect: float

    crash: float
    stall: float
    lost_ack: float
    twice_queued: float
    slow_relay: float

    late_hearing: float
    duplicates: float
    old_decisions: int
    mad_decisions: float
    policy_naps: int

    moves: int
    penny_prices: bool
    wave: bool
    unreadable: float
    blind_spells: int

    buyers: float
    wishes: int
    meddling: int


def weather_of(chance: Random) -> Weather:
    """Draw the weather. About half of the faults are left out of each schedule."""

    def maybe(share: float, odds: float = 0.5) -> float:
        return share * chance.uniform(0.3, 1.0) if chance.random() < odds else 0.0

    def some(most: int, odds: float = 0.5) -> int:
        return chance.randint(1, most) if chance.random() < odds else 0

    wave = chance.random() < 0.04
    listings = 8 if wave else chance.choice((1, 1, 2, 2, 3))
    return Weather(
        listings=listings,
        stormy_s=chance.uniform(300, 900),
        lease_s=chance.choice((90.0, 180.0, 600.0)),
        look_every_s=chance.uniform(15, 60),
        resume_after_s=chance.choice((0, 0, 60)),
        rehearses_s=chance.uniform(20, 120) if chance.random() < 0.08 else 0.0,
        lost_answer=LOST if chance.random() < 0.5 else 0.0,
        lost_request=maybe(0.10),
        error_after_effect=maybe(0.15),
        unavailable=maybe(0.15),
        throttled=maybe(0.15),
        throttling_storms=some(3),
        refused=maybe(0.05, 0.15),
        revoked=maybe(0.02, 0.1),
        read_lag=maybe(0.8),
        late_effect=maybe(0.10),
        crash=maybe(0.03),
        stall=maybe(0.03),
        lost_ack=maybe(0.10),
        twice_queued=maybe(0.10),
        slow_relay=maybe(0.10),
        late_hearing=maybe(0.15),
        duplicates=maybe(0.5),
        old_decisions=some(8),
        mad_decisions=maybe(0.3, 0.4),
        policy_naps=some(2, 0.3),
        moves=chance.randint(2, 12),
        penny_prices=chance.random() < 0.1,
        wave=wave,
        unreadable=maybe(0.3),
        blind_spells=some(2, 0.4),
        buyers=maybe(0.05),
        wishes=some(8, 0.7),
        meddling=some(3, 0.15),
    )


def fair(weather: Weather) -> Weather:
    """The same world and people, and nothing goes wrong but at the suppliers."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            *("lost_answer", "lost_request", "error_after_effect", "unavailable", "throttled"),
            *("refused", "revoked", "read_lag", "late_effect", "crash", "stall", "lost_ack"),
            *("twice_queued", "slow_relay", "late_hearing"),
        ),
        0.0,
    )
    return replace(weather, throttling_storms=0, policy_naps=0, meddling=0, **nothing)
