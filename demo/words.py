"""What the page says, in Italian and English: `screen/words.json`, a pair of sentences a key."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["it", "en"]
FOLDER = Path(__file__).with_name("screen")


@cache
def words() -> dict[str, list[str]]:
    """Italian and English by key."""
    said: dict[str, list[str]] = json.loads((FOLDER / "words.json").read_bytes())
    return said


def sentence(key: str, language: Language) -> str:
    pair = words().get(key) or words()["fault_other"]
    return pair[0 if language == "it" else 1]
