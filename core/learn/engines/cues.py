"""What the state and the value of a span are judged by: its own words, and what stands around it.

A negation reaches from its cue to the concept (Chapman and others 2001, NegEx; Harkema and others
2009, ConText), so the cues of a sentence are seen by their kind, their side and their distance, and
need not be learned word by word. How far each kind reaches, and over what, is learned.
"""

import re
from collections.abc import Iterator
from functools import cache

from core.learn.engines.features import Seen, affixes, near, span_features

_KINDS = {
    "no": r"non|no|n[eé]|mai|senza|nessun\w*|neg(?:a|o|ano|at[oaie]|ava|ativ[oaie])"
    r"|assen(?:za|t[ei])|esclu\w+|priv[oaie]"
    r"|not|without|never|den(?:y|ies|ied)|absen(?:t|ce)|n?either|nor"
    r"|não|nem|sem|ausência|ausente",
    "yes": r"s[iì]|presen(?:za|t[ei])|positiv[oaie]|confermat[oaie]|yes|present|sim",
    "maybe": r"sospett\w*|possibil\w*|probabil\w*|verosimil\w*|dubbi\w*|ipotesi|presunt[oaie]"
    r"|eventual\w*|forse|\?|suspected|possibl[ey]|probabl[ey]|likely|suspeit[oa]|prováve(?:l|is)",
    "kin": r"padre|madre|fratell\w*|sorell\w*|genitor[ei]|figli[oaei]?|zi[oaei]|nonn[oaie]"
    r"|cugin[oaie]|famili?a\w*|marito|moglie"
    r"|father|mother|brothers?|sisters?|parents?|famil(?:y|ial)|uncle|aunt|grand\w+"
    r"|pai|mãe|irmãos?|irmãs?|avós?|avôs?|tio|tia",
}
_CUE = re.compile("|".join(f"(?P<{kind}>{shape})" for kind, shape in _KINDS.items()))
_STOPS = frozenset(".;")
_ANSWERS = frozenset(":([=")
_REACH = 14  # words to each side in which a cue is looked for
_STEPS = (1, 2, 3, 5, 8)


def state_features(seen: Seen, first: int, after: int, label: str) -> list[str]:
    """For a span of the words from `first` up to `after`: few, so that a cue weighs most."""
    told, inside = seen.told, range(first, after)
    cues = [kind for i in inside if (kind := _kind(seen.plain[i]))]
    return [
        "any",
        f"in={seen.section}",
        f"of={label}",
        *(f"w={told[i]}" for i in inside),
        *(f"of+w={label}|{told[i]}" for i in inside),
        *(f"has={kind}" for kind in cues),
        *(f"of+has={label}|{kind}" for kind in cues),
        *near(seen, first, after),
        *_around(seen, range(first - 1, -1, -1), "before"),
        *_around(seen, range(after, len(seen.plain)), "behind"),
    ]


def code_features(seen: Seen, first: int, after: int, label: str) -> list[str]:
    """As for the label, and the span's own words as those of its field."""
    inside = range(first, after)
    return [
        *span_features(seen, first, after),
        f"of={label}",
        *(f"of+w={label}|{seen.told[i]}" for i in inside),
        *(f"of+s={label}|{seen.shapes[i]}" for i in inside),
        *(f"of+a={label}|{affix}" for i in inside for affix in affixes(seen.plain[i])),
    ]


def _around(seen: Seen, places: range, side: str) -> Iterator[str]:
    """The cues up to the end of the sentence, from the span outwards."""
    commas, nearest = 0, True
    for steps, i in enumerate(places[:_REACH], 1):
        word = seen.plain[i]
        if word in _STOPS:
            break
        commas += word == ","
        if kind := _kind(word):
            # "PM: no, ICD": such a cue answers what stands before it.
            answer = "answer " if i and seen.plain[i - 1] in _ANSWERS else ""
            near = sum(steps > step for step in _STEPS)
            yield f"{side}={answer}{kind}"
            yield f"{side}={answer}{kind}|{near}"
            yield f"{side}={answer}{kind}|{min(commas, 2)},"
            if nearest:
                yield f"{side} first={answer}{kind}|{min(commas, 2)},"
            nearest = False
    if nearest:
        yield f"{side} first=none"


@cache
def _kind(word: str) -> str | None:
    found = _CUE.fullmatch(word)
    return None if found is None else found.lastgroup
