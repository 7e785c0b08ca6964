"""Each item one of the places it could stand in: in the order of the text as far as that goes."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Hashable, Sequence

_MOST = 200_000  # pairs of item and place that are put in the best order


def assigned(names: Sequence[Hashable], places: Sequence[Collection[int]]) -> list[int | None]:
    """A place for each item, never one for two of the same name; None where none is left."""
    sites = [sorted(options) for options in places]
    chosen = _in_text_order(sites)
    left = any(start is None and site for start, site in zip(chosen, sites, strict=True))
    return _with_leftovers(names, sites, chosen) if left else chosen


def in_order(places: Sequence[Sequence[int]]) -> list[int | None]:
    """One place for as many items as possible, strictly rising from item to item; earliest wins.

    A longest increasing subsequence over all (item, place) pairs: one item that stands elsewhere
    does not push the others off their places.
    """
    tails: list[int] = []
    last: list[int] = []
    nodes: list[tuple[int, int, int]] = []
    for item, options in enumerate(places):
        for place in sorted(options, reverse=True):
            length = bisect_left(tails, place)
            if length < len(tails) and tails[length] == place:
                continue
            nodes.append((item, place, last[length - 1] if length else -1))
            tails[length : length + 1] = [place]
            last[length : length + 1] = [len(nodes) - 1]
    chosen: list[int | None] = [None] * len(places)
    node = last[-1] if last else -1
    while node >= 0:
        item, place, node = nodes[node]
        chosen[item] = place
    return chosen


def _in_text_order(places: Sequence[Sequence[int]]) -> list[int | None]:
    """`in_order`; or each item's next place, where that serves all or there are too many."""
    chosen: list[int | None] = []
    last = -1
    strays = False
    for options in places:
        at = bisect_right(options, last)
        start = options[at] if at < len(options) else None
        last = last if start is None else start
        strays = strays or (start is None and len(options) > 0)
        chosen.append(start)
    return in_order(places) if strays and sum(map(len, places)) <= _MOST else chosen


def _with_leftovers(
    names: Sequence[Hashable], places: Sequence[Sequence[int]], chosen: list[int | None]
) -> list[int | None]:
    """Gives items outside the order (nested, or listed late) a free place near neighbours."""
    taken = set(zip(names, chosen, strict=True))
    after: list[int | None] = list(chosen)  # the next place in order
    for index in reversed(range(len(after) - 1)):
        if after[index] is None:
            after[index] = after[index + 1]
    free: dict[Hashable, list[int]] = {}
    low = 0
    filled = list(chosen)
    for index, name in enumerate(names):
        start, high = chosen[index], after[index]
        if start is not None:
            low = start
            continue
        if name not in free:
            free[name] = [place for place in places[index] if (name, place) not in taken]
        options = free[name]
        at = bisect_left(options, low)
        if at == len(options) or (high is not None and options[at] > high):
            at = 0
        filled[index] = options.pop(at) if options else None
    return filled
