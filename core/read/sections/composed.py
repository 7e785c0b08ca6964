"""Headings that no table holds, told by their words: what they speak of, and of which time.

`Elenco dei farmaci che prendeva prima` speaks of drugs and of before. Within a line every word must
be known to one of the lists of sections.toml, so that no sentence is taken for a heading; of a line
that stands like a heading some may be strangers.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_REASON = "motivo del ricovero"
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
    ("reason", ""): _REASON,
    ("operation", ""): "intervento",
}
_TIMELESS = ("course", "history", "diagnosis", "reason")
_WEAK = frozenset(("illness", "operation"))  # subjects only where no other is named
_KINDS = [kind for kind in dict.fromkeys(kind for kind, _ in _KEYS) if kind not in _WEAK]
_NONE: frozenset[str] = frozenset()
_VETO = frozenset(("veto",))
_STRANGERS = 2


@cache
def _lists() -> dict[str, frozenset[str]]:
    """Each word of sections.toml, and the lists it stands in."""
    raw = tomllib.loads(Path(__file__).with_name("sections.toml").read_text(encoding="utf-8"))
    kinds: dict[str, set[str]] = {}
    for name, words in raw["words"].items():
        for word in words.split():
            kinds.setdefault(word, set()).add(name)
    return {word: frozenset(names) for word, names in kinds.items()}


def _of(word: str) -> frozenset[str]:
    return _lists().get(word, _NONE)


def _any(words: Iterable[str], kind: str) -> bool:
    return any(kind in _of(word) for word in words)


def composed(name: str) -> str | None:
    """The table's heading for a folded one that its words explain, or None.

    `Causa` or `Problemi` alone name things within a section.
    """
    words = name.split()
    key = _explained(words, strangers=0)
    alone = len(words) == 1 and (key == _REASON or not _WEAK.isdisjoint(_of(name)))
    return None if alone else key


def standing(name: str) -> str | None:
    """The table's heading for a line that stands like a heading, though few words be strange.

    Its subject must be named outright: `familiari con cardiopatia` is none.
    """
    words = name.split()
    key = _explained(words, strangers=0)
    if key or _any(words, "veto") or _subject(words, weak=False) is None:
        return key
    return _explained(words, strangers=min(_STRANGERS, len(words) // 2))


def only_a_time(name: str) -> str | None:
    """The heading of examinations for `stato alla dimissione`: no subject, but a time."""
    words = name.split()
    if _strangers(words) or _subject(words) is not None:
        return None
    time = _time(words)
    return _KEYS["exams", time] if time else None


def asked(name: str, question: bool) -> str | None:
    """The heading of a line that stands alone, whatever else it says: `Che cure faceva a casa?`

    Drugs and examinations must be given a time; what has none must be asked for.
    """
    words = name.replace("casa di cura", "").split()
    subject, time = _subject(words), _time(words)
    if subject in _TIMELESS:
        return _KEYS[subject, ""] if question else None
    return _KEYS.get((subject, time)) if subject and time else None


def _explained(words: list[str], strangers: int) -> str | None:
    if _strangers(words) > strangers or "come" in words[1:]:  # ECG come all'ingresso
        return None
    subject, time = _subject(words), _time(words)
    if subject is None and time and _any(words, "found"):
        subject = "exams"
    timed = subject in ("exams", "therapy")
    if subject is None or timed and not time and (strangers or subject == "exams"):
        return None  # `Laboratorio`, `ECG`: parts of a section
    return _KEYS[subject, time if timed else ""]


def _strangers(words: list[str]) -> int:
    """How many of the words no list holds but that of vetoes."""
    return sum(_of(word) <= _VETO for word in words)


def _subject(words: list[str], weak: bool = True) -> str | None:
    """The first that is named; an illness or an operation only where nothing else is."""
    if "intensiva" in words:
        words = " ".join(words).replace("terapia intensiva", "").split()
    found = next((kind for word in words for kind in _KINDS if kind in _of(word)), None)
    if found == "therapy" and "chirurgico" in words:
        return "operation"
    if found is not None or not weak:
        return found
    if _any(words, "illness"):
        return "history" if {"familiari", "familiare"} & set(words) else "diagnosis"
    if _any(words, "operation"):
        return "course" if {"dopo", "successivi", "successivo"} & set(words) else "operation"
    return None


def _time(words: list[str]) -> str:
    """The first that is named; `a casa`, `in corso` only where no ward's door is."""
    times = [(w, time) for w in words for time in ("late", "early") if time in _of(w)]
    if any(time == "late" for _, time in times):  # before leaving: `prima di uscire`
        times = [(w, time) for w, time in times if w != "prima"]
    strong = [(w, time) for w, time in times if "dim" not in _of(w)]
    return next((time for _, time in strong or times), "")
