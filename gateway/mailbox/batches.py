"""Which messages of a mailbox are fetched together: few round trips and little memory."""

# Stored in one commit and marked with one command; users of the mailbox wait for them.
MOST_MAILS = 100
# A message of this size is fetched alone.
MOST_BYTES = 8_000_000
# How many numbers fit into one command: 8,000 bytes are always safe (RFC 7162 section 4).
MOST_NUMBERS = 500


def chunks(numbers, size=MOST_NUMBERS):
    """Split a list into lists of at most this size."""
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def batches(sizes):
    """Split messages into lists of numbers that are fetched together, in order.

    :param dict sizes: ``{number: bytes}``, in the order of fetching
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
