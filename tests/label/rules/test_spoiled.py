"""Letters spoiled at random by slips, torn words and OCR: the rules read on."""

import json
import os
import random

import pytest

from core.extract import letter_fields
from core.read import read_text
from core.read.phrases import phrases
from tests.label.rules.letters import RULES
from tests.places import DATA

SOAK = int(os.environ.get("LETTERA_SOAK", 40))
TEXTS = [
    json.loads(line)["text"]
    for path in sorted(DATA.glob("fields_dev*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
SIGNS = "abcdeilo01289/.-: \n()|xX'"


def spoiled(text: str, drawn: random.Random) -> str:
    signs = list(text)
    words = drawn.choice(TEXTS).split()
    for _ in range(drawn.choice((0, 3, 20, 80))):
        place, what = drawn.randrange(len(signs)), drawn.random()
        if what < 0.3:
            del signs[place]
        elif what < 0.5:
            signs[place] = drawn.choice(SIGNS)
        elif what < 0.7:
            signs.insert(place, drawn.choice(SIGNS))
        else:
            signs.insert(place, f" {' '.join(drawn.sample(words, 5))} ")
    text = "".join(signs)
    return drawn.choice((text, text, text.upper(), text.replace("\n", " ")))


@pytest.mark.parametrize("seed", range(4))
def test_a_spoiled_letter_is_read_and_quoted_as_it_stands(seed: int) -> None:
    drawn = random.Random(seed)
    for number in range(SOAK):
        letter = read_text(spoiled(drawn.choice(TEXTS), drawn), f"{number:012x}")
        for value in letter_fields(letter, list(RULES.label(phrases(letter)))).fields:
            assert all(letter.text[e.start : e.end] == e.text for e in value.evidence)
