"""Which messages of a mailbox are fetched together: few round trips and little memory."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

_T = TypeVar("_T")

# Stored in one commit and marked with one command; users of the mailbox wait for them.
MOST_MAILS = 100
# A message of this size is fetched alone.
MOST_BYTES = 8_000_000
# How many numbers fit into one command: 8,000 bytes are always safe (RFC 7162 section 4).
MOST_NUMBERS = 500


def chunks(numbers: list[_T], size: int = MOST_NUMBERS) -> list[list[_T]]:
    """Split a list into lists of at most this size."""
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def batches(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Split messages into lists of numbers that are fetched together, in order.

    :param sizes: ``{number: bytes}``, in the order of fetching
    """
    batch, octets = [], 0
    for number, size in sizes.items():
        if batch and (len(batch) == MOST_MAILS or octets + size > MOST_BYTES):
            yield batch
            batch, octets = [], 0
        batch.append(number)
        octets += size
    if batch:
        yield batch
