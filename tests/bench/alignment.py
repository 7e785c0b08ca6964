"""How fast quotes find their places, and how often the right ones: python -m tests.bench.alignment

Fictitious letters, quotes as a model slips, by our own rules and (with --noise) by those of other
people: nlpaug's tables of what a scanner and a keyboard do, textnoisr's random characters. Where
langextract can be imported its aligner goes over the same quotes. None of these is a dependency:
PYTHONPATH=.../site-packages of an environment that has them.
"""

import argparse
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import Any, NamedTuple

from core.label.align import Aligned, Quote, align
from core.label.reading import reading
from core.records import Annotation
from demo.fictitious import corpus, voices
from tests.bench.table import tell, turns

SMALL = re.compile(r" (?:di|del|della|in|da|con|per|a|al|alla|il|la|lo) ")
Places = list[tuple[int, int] | None]


@dataclass(frozen=True)
class Asked:
    """A text, what a model quotes of it, and where each quote was taken from; None: invented."""

    text: str
    quotes: tuple[str, ...]
    fields: tuple[str, ...]
    truth: tuple[tuple[int, int] | None, ...]


def spelled(quote: str) -> str:
    """The same words in another spelling: accents, decimal marks, spaces, case."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", quote) if not unicodedata.combining(c))
    other = re.sub(r"(?<=\d)[.,](?=\d)", lambda m: ",."[m[0] == ","], plain)
    other = re.sub(r"(?<=\d) (?=[a-z%])", "", other).replace("'", "’")
    return other if other != quote else quote.capitalize().replace(" ", "  ")


def slipped(quote: str, chance: random.Random) -> str:
    """A preposition left out, or a letter lost inside the longest word."""
    if SMALL.search(quote):
        return SMALL.sub(" ", quote, count=1)
    longest = max(re.findall(r"[^\W\d_]+", quote) or [""], key=len)
    if len(longest) < 7:
        return quote
    at = chance.randrange(2, len(longest) - 1)
    return quote.replace(longest, longest[:at] + longest[at + 1 :], 1)


def asked(annotation: Annotation, chance: random.Random, slips: float) -> Asked:
    """A phrase and its entities, some spelled otherwise, slipped or of another phrase."""
    quotes, fields, truth = [], [], []
    for span in sorted(annotation.spans, key=lambda s: s.start):
        quote, lot = span.text, chance.random()
        place: tuple[int, int] | None = (span.start, span.end)
        if lot < slips / 3:
            quote = spelled(quote)
        elif lot < slips * 2 / 3:
            quote = slipped(quote, chance)
        elif lot < slips:
            quote, place = "trombosi del condotto mai nominato", None
        quotes.append(quote)
        fields.append(str(span.field))
        truth.append(place)
    return Asked(annotation.phrase.text, tuple(quotes), tuple(fields), tuple(truth))


def phrases(count: int, slips: float) -> list[Asked]:
    chance = random.Random(7)
    rich = (a for a in corpus(voices(), 40) if len(a.spans) >= 3)
    cut = (Annotation(a.phrase, a.spans[:3], a.origin, a.source) for a in rich)
    return [asked(annotation, chance, slips) for annotation in islice(cut, count)]


def letter(words: int, entities: int, slips: float) -> Asked:
    """Phrases joined to a letter of that many words, with quotes spread over it."""
    chance = random.Random(8)
    lines: list[str] = []
    told: list[tuple[str, str, tuple[int, int] | None]] = []
    at = size = 0
    for annotation in corpus(voices(), 60):
        one = asked(annotation, chance, slips)
        places = [p and (p[0] + at, p[1] + at) for p in one.truth]
        told += zip(one.quotes, one.fields, places, strict=True)
        lines.append(one.text)
        at += len(one.text) + 1
        size += len(one.text.split())
        if size >= words:
            break
    told = [told[k] for k in sorted(chance.sample(range(len(told)), entities))]
    quotes, fields, truth = zip(*told, strict=True)
    return Asked("\n".join(lines), quotes, fields, truth)


@cache
def quotes_of(job: Asked) -> list[Quote]:
    pairs = zip(job.quotes, job.fields, strict=True)
    return [Quote(q, field, field, value=k) for k, (q, field) in enumerate(pairs)]


class Aligner(NamedTuple):
    """Aligns what is asked, and says where each quote was placed by what came of it."""

    align: Callable[[Asked], Any]
    places: Callable[[Any], Places]


def ours() -> Aligner:
    def places(found: Aligned) -> Places:
        at = {span.value: (span.start, span.end) for span in found.spans}
        return [at.get(k) for k in range(len(found.spans) + len(found.missing))]

    return Aligner(lambda job: align(job.text, quotes_of(job)), places)


def langextract() -> Aligner | None:
    """langextract's aligner; None where it is not installed."""
    try:
        from langextract.core.data import Extraction
        from langextract.resolver import WordAligner
    except ImportError:
        return None

    def aligned(job: Asked) -> Any:
        # Made anew each time, for it writes its answers there: 1.4 of 580 ms.
        pairs = zip(job.quotes, job.fields, strict=True)
        given = [Extraction(extraction_class=f, extraction_text=q) for q, f in pairs]
        return WordAligner().align_extractions([given], job.text)

    def places(found: Any) -> Places:
        spots = [extraction.char_interval for extraction in found[0]]
        return [(spot.start_pos, spot.end_pos) if spot else None for spot in spots]

    return Aligner(aligned, places)


def outcome(text: str, wanted: tuple[int, int] | None, found: tuple[int, int] | None) -> str:
    if wanted is None:
        return "invention missing" if found is None else "invention placed"
    if found is None:
        return "missing"
    if found == wanted:
        return "right"
    return "other mention" if text[slice(*found)] == text[slice(*wanted)] else "wrong"


def outcomes(aligner: Aligner, jobs: Sequence[Asked]) -> str:
    """How many quotes stand where they were taken from, elsewhere, or nowhere."""
    seen: Counter[str] = Counter()
    for job in jobs:
        pairs = zip(job.truth, aligner.places(aligner.align(job)), strict=True)
        seen.update(outcome(job.text, wanted, found) for wanted, found in pairs)
    return ", ".join(f"{name} {number}" for name, number in sorted(seen.items()))


def noises() -> dict[str, Callable[[str], str]]:
    """What other people's programs do to a quote: one slip in one word, or 3 % of its letters."""
    import numpy as np
    from nlpaug.augmenter.char import KeyboardAug, OcrAug, RandomCharAug
    from textnoisr.noise import CharNoiseAugmenter

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002, theirs
    once = {"aug_char_max": 1, "aug_word_max": 1}
    letters = {f"include_{kind}": False for kind in ("special_char", "upper_case", "numeric")}
    slips = {
        "nlpaug, scanner": OcrAug(min_char=4, **once),
        "nlpaug, keyboard": KeyboardAug(**letters, **once),
        "nlpaug, swapped": RandomCharAug(action="swap", **once),
        "nlpaug, lost": RandomCharAug(action="delete", **once),
    }
    # It answers with a list of one, or of none where it finds nothing to do.
    noise = {name: (lambda q, by=by: (by.augment(q) or [q])[0]) for name, by in slips.items()}
    return {**noise, "textnoisr, 3 %": CharNoiseAugmenter(noise_level=0.03, seed=1).add_noise}


def noisy() -> None:
    """The same phrases under each noise: what both aligners make of it."""
    theirs, jobs = langextract(), phrases(1000, 0)
    for name, noise in noises().items():
        said = [replace(job, quotes=tuple(map(noise, job.quotes))) for job in jobs]
        for who, aligner in {"ours": ours(), "langextract": theirs}.items():
            told = "not installed" if aligner is None else outcomes(aligner, said)
            print(f"{name:20} {who:12} {told}")  # noqa: T201


def aligned(aligner: Aligner, jobs: Sequence[Asked]) -> list[Any]:
    reading.cache_clear()  # each turn reads its texts for the first time
    return [aligner.align(job) for job in jobs]


def bench() -> None:
    theirs = langextract()
    for what, jobs in {
        "1,000 phrases, 3 exact quotes": phrases(1000, 0),
        "1,000 phrases, slips in 40 % of quotes": phrases(1000, 0.4),
        "20,000 words, 300 exact quotes": [letter(20_000, 300, 0)],
        "20,000 words, slips in 40 % of quotes": [letter(20_000, 300, 0.4)],
    }.items():
        ways = {"ours": partial(aligned, ours(), jobs)}
        if theirs is not None:
            ways["langextract"] = partial(aligned, theirs, jobs)
        found = turns(ways)
        other = found.get("langextract")
        tell(
            what,
            f"{found['ours'].median * 1000:.1f} ms",
            "langextract: " + (f"{other.median * 1000:,.0f} ms" if other else "not installed"),
            found["ours"].under(other) if other else 0.0,
            "50",
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--noise", action="store_true")
    noisy() if parser.parse_args().noise else bench()
