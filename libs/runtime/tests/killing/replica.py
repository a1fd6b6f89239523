"""The toy service as a process of its own, to be killed."""

from toy_words import wire

from dropship.runtime.service import Service, run
from dropship.runtime.settings import ServiceSettings, load


def build() -> Service:
    service = Service("toy", load(ServiceSettings))
    wire(service)
    return service


if __name__ == "__main__":
    run(build)
