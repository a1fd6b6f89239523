"""What a process tells about itself: log lines, metrics and traces."""

from dropship.runtime.telemetry.logs import configure, get_logger

__all__ = ["configure", "get_logger"]
