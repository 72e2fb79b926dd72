"""Where a sentence too long for a network is cut. It is put together again afterwards. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence

GOOD_ENDS = frozenset(".;:!?")  # tokens that a piece had best end with,
FAIR_ENDS = frozenset([",", "-", "--", ")", '"', "and", "or", "but"])  # or else these


def cut(tokens: Sequence[str], limit: int) -> list[int]:
    """Where the pieces begin, the first at 0: none longer than `limit`, the last third of each searched for an end.

    What is cut depends on the tokens alone, not on their tags: prediction cuts as training does.
    """
    starts = [0]
    while len(tokens) - starts[-1] > limit:
        start = starts[-1]
        places = range(start + limit, start + limit - max(limit // 3, 1), -1)  # a cut before the token at the place
        for ends in (GOOD_ENDS, FAIR_ENDS):
            found = next((place for place in places if tokens[place - 1].lower() in ends), None)
            if found is not None:
                break
        starts.append(found or start + limit)
    return starts


def repaired(tags: Sequence[str]) -> list[str]:
    """Tags of a piece: an entity that the cut went through begins anew."""
    return [f"B-{tags[0][2:]}", *tags[1:]] if tags and tags[0].startswith("I-") else list(tags)
