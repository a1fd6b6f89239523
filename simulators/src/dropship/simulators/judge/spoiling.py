"""Turns a good answer into the bad one that a fault asks for."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from dropship.simulators.judge.faults import Fault
from dropship.simulators.pages.blocks import (
    captcha_page,
    challenge_page,
    error_page,
    not_found_page,
    soft_block_page,
)
from dropship.simulators.wire.messages import Delivery, Reply

MEBIBYTE = 1 << 20
METADATA_ADDRESS = "http://169.254.169.254/latest/meta-data/"
_HANG_S = 120.0
_SLOW_S = 3.0
_RETRY_AFTER_S = 5

Spoiler = Callable[[Fault, Reply, str], Reply]


def spoil(fault: Fault, good: Reply, site: str) -> Reply:
    """The answer to send instead. Blocks for a moment on the first bomb of a size: use a thread."""
    return _SPOILERS[fault.mode](fault, good, site)


def _captcha(fault: Fault, _good: Reply, site: str) -> Reply:
    return Reply(fault.status or 200, captcha_page(site))


def _soft_block(fault: Fault, _good: Reply, site: str) -> Reply:
    return Reply(fault.status or 200, soft_block_page(site))


def _challenge(fault: Fault, _good: Reply, site: str) -> Reply:
    return Reply(fault.status or 202, challenge_page(site))


def _status(fault: Fault, _good: Reply, site: str) -> Reply:
    status = int(fault.mode)
    body = not_found_page(site) if status == 404 else error_page(site, status)
    after_s = fault.retry_after_s
    if after_s is None and status == 429:
        after_s = _RETRY_AFTER_S
    told = after_s is not None and status in {429, 503}
    return Reply(status, body, headers=(("Retry-After", str(after_s)),) if told else ())


def _timeout(fault: Fault, good: Reply, _site: str) -> Reply:
    silent_s = _HANG_S if fault.delay_s is None else fault.delay_s
    return replace(good, delivery=Delivery(silent_s=silent_s, then_nothing=True))


def _slow(fault: Fault, good: Reply, _site: str) -> Reply:
    spread_s = _SLOW_S if fault.delay_s is None else fault.delay_s
    return replace(good, delivery=Delivery(spread_s=spread_s))


def _cut_off(fault: Fault, good: Reply, _site: str) -> Reply:
    return replace(
        good, delivery=Delivery(cut_at=fault.cut_at, declares_length=fault.declared_length)
    )


def _reset(fault: Fault, good: Reply, _site: str) -> Reply:
    return replace(
        good,
        delivery=Delivery(cut_at=fault.cut_at, declares_length=fault.declared_length, reset=True),
    )


def _redirect_internal(fault: Fault, _good: Reply, _site: str) -> Reply:
    return Reply(302, b"", headers=(("Location", fault.location or METADATA_ADDRESS),))


def _redirect_home(fault: Fault, _good: Reply, site: str) -> Reply:
    home = f"/amazon/{site}/" if site else "/"
    return Reply(302, b"", headers=(("Location", fault.location or home),))


def _huge(fault: Fault, good: Reply, _site: str) -> Reply:
    piece = good.body.ljust(MEBIBYTE)[:MEBIBYTE]
    return replace(
        good,
        body=piece,
        delivery=Delivery(repeats=fault.size_mb, declares_length=fault.declared_length),
    )


def _gzip_bomb(fault: Fault, good: Reply, _site: str) -> Reply:
    headers = (*good.headers, ("Content-Encoding", "gzip"))
    return replace(good, body=_bomb(fault.size_mb), headers=headers)


def _empty(_fault: Fault, good: Reply, _site: str) -> Reply:
    return replace(good, body=b"")


@lru_cache(maxsize=4)
def _bomb(size_mb: int) -> bytes:
    """One gzip member that unpacks to so many mebibytes of zeros: about a thousandth of it."""
    packer = zlib.compressobj(wbits=31)
    zeros = bytes(MEBIBYTE)
    return b"".join(packer.compress(zeros) for _ in range(size_mb)) + packer.flush()


_SPOILERS: dict[str, Spoiler] = {
    "captcha": _captcha,
    "soft_block": _soft_block,
    "js_challenge": _challenge,
    "timeout": _timeout,
    "slow": _slow,
    "cut_off": _cut_off,
    "reset": _reset,
    "redirect_internal": _redirect_internal,
    "redirect_home": _redirect_home,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
    "empty": _empty,
} | dict.fromkeys(("403", "404", "410", "429", "500", "503"), _status)
