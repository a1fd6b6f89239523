"""`python -m dropship.scraper`"""

from dropship.runtime.service import run
from dropship.runtime.settings import load
from dropship.scraper.app import build
from dropship.scraper.settings import ScraperSettings

if __name__ == "__main__":
    run(lambda: build(load(ScraperSettings)))
