"""When something happened."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Moment = Annotated[datetime, Meta(tz=True)]
"""An aware time, written in UTC. A text without its offset is refused: it could mean any hour."""
