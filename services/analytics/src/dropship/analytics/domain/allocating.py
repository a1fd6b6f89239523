"""One amount spread over several lines, to the last minor unit."""

from collections.abc import Sequence


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Spread an amount in proportion to `weights`; the shares add up to it exactly.

    By the largest remainder: every share is rounded towards zero, and what is left goes, one minor
    unit each, to the largest remainders, the earlier line first among equals. So the same amount
    and weights give the same shares for ever. Where nothing weighs anything, all weigh the same.
    Raises ValueError for a negative weight, and for an amount that has no line to stand on.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError(f"a weight is negative: {list(weights)}")
    if not weights and total_minor:
        raise ValueError(f"{total_minor} cannot be spread over nothing")
    if not any(weights):
        weights = [1] * len(weights)
    amount, whole = abs(total_minor), sum(weights)
    shares, remainders = [], []
    for weight in weights:
        share, remainder = divmod(amount * weight, whole)
        shares.append(share)
        remainders.append(remainder)
    left = amount - sum(shares)
    for line in sorted(range(len(shares)), key=lambda n: (-remainders[n], n))[:left]:
        shares[line] += 1
    return [-share for share in shares] if total_minor < 0 else shares
