"""How fast quotes find their places, and how often the right ones: python -m tests.bench.alignment

Fictitious letters, quotes as a model slips. Where langextract can be imported its aligner goes over
the same quotes; it is no dependency: PYTHONPATH=.../site-packages of an environment that has it.
"""

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from core.label.align import Quote, align
from core.records import Annotation
from demo.fictitious import corpus, voices
from tests.bench.__main__ import median

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


def ours(job: Asked) -> Places:
    pairs = zip(job.quotes, job.fields, strict=True)
    quotes = [Quote(q, field, field, value=k) for k, (q, field) in enumerate(pairs)]
    at = {span.value: (span.start, span.end) for span in align(job.text, quotes).spans}
    return [at.get(k) for k in range(len(quotes))]


def langextract() -> Callable[[Asked], Places] | None:
    """langextract's aligner behind the same signature; None where it is not installed."""
    try:
        from langextract.core.data import Extraction
        from langextract.resolver import WordAligner
    except ImportError:
        return None

    def theirs(job: Asked) -> Places:
        pairs = zip(job.quotes, job.fields, strict=True)
        given = [Extraction(extraction_class=f, extraction_text=q) for q, f in pairs]
        (found,) = WordAligner().align_extractions([given], job.text)
        spots = [extraction.char_interval for extraction in found]
        return [(spot.start_pos, spot.end_pos) if spot else None for spot in spots]

    return theirs


def outcome(text: str, wanted: tuple[int, int] | None, found: tuple[int, int] | None) -> str:
    if wanted is None:
        return "invention missing" if found is None else "invention placed"
    if found is None:
        return "missing"
    if found == wanted:
        return "right"
    return "other mention" if text[slice(*found)] == text[slice(*wanted)] else "wrong"


def outcomes(aligner: Callable[[Asked], Places], jobs: Sequence[Asked]) -> str:
    """How many quotes stand where they were taken from, elsewhere, or nowhere."""
    seen: Counter[str] = Counter()
    for job in jobs:
        pairs = zip(job.truth, aligner(job), strict=True)
        seen.update(outcome(job.text, wanted, found) for wanted, found in pairs)
    return ", ".join(f"{name} {number}" for name, number in sorted(seen.items()))


def seconds(aligner: Callable[[Asked], Places], jobs: Sequence[Asked], rounds: int) -> float:
    return median(lambda: [aligner(job) for job in jobs], rounds)


def bench() -> None:
    theirs = langextract()
    for what, jobs in {
        "1,000 phrases, 3 entities, exact": phrases(1000, 0),
        "1,000 phrases, 3 entities, slips": phrases(1000, 0.4),
        "20,000 words, 300 entities, exact": [letter(20_000, 300, 0)],
        "20,000 words, 300 entities, slips": [letter(20_000, 300, 0.4)],
    }.items():
        own = seconds(ours, jobs, 9)
        print(f"{what:36} {own * 1000:9.1f} ms   {outcomes(ours, jobs)}")  # noqa: T201
        if theirs is None:
            print(f"{'  langextract':36} not installed")  # noqa: T201
            continue
        other = seconds(theirs, jobs, 1)
        print(f"{'  langextract':36} {other * 1000:9.1f} ms   {outcomes(theirs, jobs)}")  # noqa: T201
        print(f"{'  ratio':36} {other / own:9.1f}")  # noqa: T201


if __name__ == "__main__":
    bench()
