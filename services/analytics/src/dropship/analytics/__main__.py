"""`python -m dropship.analytics`"""

from dropship.analytics.app import build
from dropship.analytics.settings import AnalyticsSettings
from dropship.runtime.service import run
from dropship.runtime.settings import load

if __name__ == "__main__":
    run(lambda: build(load(AnalyticsSettings)))
