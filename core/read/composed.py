"""Headings that no table holds, told by their words: what they speak of, and of which time.

`Elenco dei farmaci che prendeva prima` speaks of drugs and of before. Every word must be known to
one of the lists of sections.toml, so that no sentence is taken for a heading.
"""

import tomllib
from functools import cache
from pathlib import Path

# What stands in the table for: a subject, and whether a time is told.
_KEYS = {
    ("therapy", "early"): "terapia domiciliare",
    ("therapy", "late"): "terapia alla dimissione",
    ("therapy", ""): "terapia",
    ("exams", "early"): "esami all ingresso",
    ("exams", "late"): "esami alla dimissione",
    ("exams", ""): "esami",
    ("course", ""): "decorso",
    ("history", ""): "anamnesi",
    ("diagnosis", ""): "diagnosi",
    ("reason", ""): "motivo del ricovero",
}
_TIMELESS = ("course", "history", "diagnosis", "reason")


@cache
def _words() -> dict[str, frozenset[str]]:
    raw = tomllib.loads(Path(__file__).with_name("sections.toml").read_text(encoding="utf-8"))
    return {name: frozenset(words.split()) for name, words in raw["words"].items()}


def composed(name: str) -> str | None:
    """The table's heading for a folded one that its words explain, or None."""
    words, known = name.split(), _words()
    if not all(any(word in those for those in known.values()) for word in words):
        return None
    subject, time = _subject(words), _time(words)
    if subject is None and time and any(word in known["found"] for word in words):
        subject = "exams"
    if subject is None or subject == "exams" and not time:
        return None  # `Laboratorio`, `ECG`: parts of a section
    return _KEYS[subject, "" if subject in _TIMELESS else time]


def asked(name: str, question: bool) -> str | None:
    """The heading of a line that stands alone, whatever else it says: `Che cure faceva a casa?`

    Drugs and examinations must be given a time; what has none must be asked for.
    """
    words = name.replace("casa di cura", "").split()
    subject, time = _subject(words), _time(words)
    if subject in _TIMELESS:
        return _KEYS[subject, ""] if question else None
    return _KEYS[subject, time] if subject and time else None


def _subject(words: list[str]) -> str | None:
    kinds = dict.fromkeys(kind for kind, _ in _KEYS)  # in this order
    return next((kind for w in words for kind in kinds if w in _words()[kind]), None)


def _time(words: list[str]) -> str:
    times = [(w, time) for w in words for time in ("late", "early") if w in _words()[time]]
    if any(time == "late" for _, time in times):  # before leaving: `prima di uscire`
        times = [(w, time) for w, time in times if w != "prima"]
    return next((time for _, time in times), "")
