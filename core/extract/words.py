"""`words.toml`, read once: the expressions by which values are read from Italian letters."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from core.read.words.slips import mended
from core.read.words.unbent import straight

_FILE = Path(__file__).with_name("words.toml")


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def words(table: str, name: str) -> re.Pattern[str]:
    """The alternatives of one list as one expression without case."""
    return re.compile("|".join(_tables()[table][name]), re.IGNORECASE)


def families(table: str, quotes: Iterable[str]) -> frozenset[str]:
    """Which substances of a table the quotes name: aspirin and Cardioaspirin are one."""
    told = [straight(mended(quote)) for quote in quotes]
    names = _tables()[table]
    return frozenset(n for n in names if any(words(table, n).search(quote) for quote in told))


@cache
def code_words(field: str) -> tuple[tuple[re.Pattern[str], int | str, re.Pattern[str] | None], ...]:
    """For a coded field: expression, its code, and what else must not stand in the quote."""
    return tuple(
        (
            re.compile(entry[0], re.IGNORECASE),
            entry[1],
            re.compile(entry[2], re.IGNORECASE) if len(entry) > 2 else None,
        )
        for entry in _tables()["codes"].get(field, ())
    )


@cache
def sex_signs() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    """Signs of a man and of a woman, from the plainest kind to the faintest."""
    return tuple(
        (re.compile(kind["M"], re.IGNORECASE), re.compile(kind["F"], re.IGNORECASE))
        for kind in _tables()["sex"]
    )
