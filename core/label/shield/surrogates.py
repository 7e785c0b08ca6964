"""Stand-ins of the same shape: for names, numbers, codes and dates of one letter.

All are drawn from a seed, so that the same letter is hidden the same way on every run and what was
asked before is recognised in the ledger. Who does not know the seed cannot go back.
"""

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import count

from core.label.shield.days import Days
from core.label.shield.words import plain

_START = "kwj"  # rare at the head of an Italian word: a stand-in is no word and nobody's name
_CONSONANTS = "bdfglmnprstvz"
_VOWELS = "aeiou"
_TRIES = 40
_PREFIX = re.compile(r"((?:\+|00)\s?39[\s.\-/]*)?(\(?[03]?)")


class Surrogates:
    """The stand-ins of one letter.

    `avoid`: its own words, none of which a stand-in may be; `names`: the words of its names, no two
    of which share one; `dates`: its dates.
    """

    def __init__(
        self,
        seed: bytes,
        avoid: Collection[str] = (),
        names: Collection[str] = (),
        dates: Collection[str] = (),
    ) -> None:
        self._seed = seed
        self._avoid = avoid
        drawn = int.from_bytes(hmac.digest(seed, b"days", "sha256")[:4], "big")
        self._days = Days(dates, drawn)
        self._made: dict[str, str] = {}
        self._used: set[str] = set()
        for name in sorted(names, key=lambda name: (len(name) == 1, name)):
            self._word(name)

    def name(self, text: str) -> str:
        """Letters for letters, capitals for capitals; the same for each writing of a word."""
        return re.sub(r"[^\W_]+", lambda match: self._cased(match.group()), text)

    def number(self, text: str) -> str:
        """Each digit another digit, separators kept; a phone keeps its country and first digit."""
        prefix = _PREFIX.match(text)
        head = prefix.group() if prefix else ""
        return head + self._digits(text[len(head) :])

    def code(self, text: str) -> str:
        """Letters for other letters, digits for other digits, whatever stands between them."""
        bare = "".join(char for char in text.casefold() if char.isalnum())
        stream = self._stream("code " + bare)
        return "".join(_like(char, next(stream)) if char.isalnum() else char for char in text)

    def day(self, text: str) -> str:
        """The date moved by the letter's number of days, written the same way."""
        return self._days.moved(text) or self.code(text)

    def _cased(self, word: str) -> str:
        made = self._word(plain(word))
        # Folding may change the length: ß, ligatures.
        made = (made * 2)[: len(word)] if len(made) < len(word) else made[: len(word)]
        return "".join(
            new.upper() if old.isupper() else new for old, new in zip(word, made, strict=True)
        )

    def _word(self, key: str) -> str:
        made = self._made.get(key)
        if made is None:
            made = self._initial(key) if len(key) == 1 else self._drawn(key)
            self._made[key] = made
            self._used.add(made)
        return made

    def _initial(self, key: str) -> str:
        """The initial of what stands for the letter's name with this initial."""
        for name in sorted(self._made):
            if len(name) > 1 and name[0] == key:
                return self._made[name][0]
        others = [letter for letter in _START if letter != key]
        return others[next(self._stream("initial " + key)) % len(others)]

    def _drawn(self, key: str) -> str:
        made = ""
        for attempt in range(_TRIES):
            stream = self._stream(f"name {attempt} {key}")
            made = "".join(
                choice[next(stream) % len(choice)]
                for at in range(len(key))
                for choice in [_START if not at else _VOWELS if at % 2 else _CONSONANTS]
            )
            if made not in self._avoid and made != key and made not in self._used:
                break
        return made

    def _digits(self, text: str) -> str:
        digits = "".join(char for char in text if char.isdigit())
        stream = self._stream("number " + digits)
        return "".join(_like(char, next(stream)) if char.isalnum() else char for char in text)

    def _stream(self, key: str) -> Iterator[int]:
        for block in count():
            message = f"{block} {key}".encode("utf-8", "surrogatepass")
            yield from hmac.digest(self._seed, message, "sha256")


def _like(char: str, drawn: int) -> str:
    """Another character of the same kind."""
    if char.isdigit():
        return str((int(unicodedata.digit(char, 0)) + 1 + drawn % 9) % 10)
    at = ord(char.lower()[0]) - ord("a")
    new = chr(ord("a") + (at + 1 + drawn % 25) % 26)
    return new.upper() if char.isupper() else new
