"""No identity of a fictitious letter leaves the machine: looked for by what the generator put in.

The letters name no relatives; their telephones count. What other hands wrote is measured, not
tested: tests.bench.shield.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from core.label.asking import Asking
from core.label.rules.rules import Rules
from core.label.shield.shield import Shield
from core.label.shield.words import is_ordinary
from core.label.together import Together
from core.records import Phrase
from core.schema import default_schema
from demo.fictitious import FictitiousLetter, voices, write
from tests.bench.shield import known
from tests.loopback.together import LoopbackTogether, Said, Script, labelled

SEEDS = range(3000, 3004)
VOICES = int(os.environ.get("LETTERA_SOAK", 3))  # that go over the wire, in each format
SECRET = b"s" * 32
_YEAR = re.compile(r"(?:19|20)\d\d")


def secrets(letter: FictitiousLetter) -> tuple[Sequence[Phrase], dict[str, re.Pattern[str]]]:
    """A letter's phrases, and how to find each thing that must not be in what is sent of them.

    To be looked for in `bare` text. A moved date may keep its year, so a birth counts as a whole;
    a record number's year says nothing.
    """
    said = known(letter)
    words = {
        word
        for kind, value in said.identity
        if kind in ("name", "physician", "phone", "record")
        for word in re.findall(r"[^\W\d_]{3,}|\d{5,}|\d{4}", bare(value))
        if not _YEAR.fullmatch(word)
    }
    shapes = {word: re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in words}
    if born := letter.fields.get("data_di_nascita"):
        day = date.fromisoformat(str(born))
        between = r"\W{1,8}0?"
        shapes["birth"] = re.compile(
            rf"(?<!\d)0?{day.day}{between}{day.month}\W{{1,8}}(?:19)?{day.year % 100:02}(?!\d)"
        )
    return said.phrases, shapes


def bare(text: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def left(letter: FictitiousLetter, sent: str, shapes: dict[str, re.Pattern[str]]) -> list[str]:
    """What is still there; an ordinary word (rosa, vitale) only where it has a capital."""
    text = bare(sent)
    capitals = {bare(word) for word in re.findall(r"[^\W\d_]+", sent) if word[0].isupper()}
    return [
        f"{letter.id}: {word}"
        for word, shape in shapes.items()
        if shape.search(text) and (word in capitals or not is_ordinary(word))
    ]


@pytest.mark.parametrize("voice", voices())
def test_no_identity_is_left_in_what_the_shield_gives(voice: str) -> None:
    """By the shield alone: no labeller helps it."""
    for seed in SEEDS:
        letter = write(voice, seed)
        phrases, shapes = secrets(letter)
        assert len(shapes) >= 4
        shield = Shield(phrases, (), default_schema(), SECRET)
        sent = "\n".join(shield.hide(phrase).text for phrase in phrases)
        assert left(letter, sent, shapes) == []


ANSWERS: dict[str, Script] = {
    "iob": labelled(),
    "inline": lambda body: Said("-"),
    "spans": lambda body: Said('{"spans": []}'),
    "fields": lambda body: Said('{"fields": []}'),
    "hybrid": lambda body: Said('{"spans": []}'),
}


@pytest.mark.slow
@pytest.mark.parametrize("format", ANSWERS)
def test_no_identity_reaches_the_service(format: str, tmp_path: Path) -> None:
    for voice in voices()[:: max(1, len(voices()) // VOICES)]:
        letter = write(voice, 3100)
        phrases, shapes = secrets(letter)
        with LoopbackTogether(ANSWERS[format]).running() as server:
            asking = Asking(shield="on", format=format, attempts=1, logprobs=False)
            rules = Rules()
            labeller = Together(
                "field",
                asking,
                base_url=server.address,
                identity=rules,
                finder=rules if format == "hybrid" else None,
                ledger=tmp_path / "ledger.sqlite",
            )
            assert len(list(labeller.label(phrases))) == len(phrases)
            sent = "\n".join(m["content"] for r in server.requests for m in r["messages"])
        assert len(server.sent()) > 1000
        assert left(letter, server.sent(), shapes) == []
        assert letter.id not in sent
