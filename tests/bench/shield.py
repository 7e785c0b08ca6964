"""How much the shield misses, and what else it changes: python -m tests.bench.shield [FILE...].

A FILE holds letters, one a line: {"id", "text", "identity": [{"kind", "text"}]}; without
`identity` all its words count as clinical. A plain text file is one letter. Without a FILE: the
fictitious letters. --strangers N: N times, with other people's names, towns and numbers in the
letters. No letter text is printed, except with --show.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.label.rules.rules import Rules
from core.label.shield.shield import Shield, Shielded
from core.read import read_text
from core.read.phrases import phrases
from core.records import Phrase
from core.schema import default_schema
from demo.fictitious import FictitiousLetter, annotations, voices, write
from demo.slots import slots
from tests.bench.shield_strangers import stranger

SECRET = b"0" * 32
SEEDS = range(2000, 2004)
_WORD = re.compile(r"\w+")
_IDENTITY = {
    "nome": "name",
    "cognome": "name",
    "numero di telefono": "phone",
    "n_cartella": "record",
    "data_di_nascita": "birth date",
}
_POOLS = {"medico": "physician", "medico_nome": "physician", "citta": "town"}
# Numbers nobody has been given: how `slots.toml` says that its telephones are made.
_PHONE = re.compile(r"\b(?:3[01]\d[ \-]?\d[\d ]{6,8}|0(?:14|16|57|74)0[ /\-]\d{5,7})\b")
# Words of an identity value that say what it is, not who.
_GENERIC = frozenset(
    """sig sig.ra ra signor signora signore dott ssa dr prof via viale piazza piazzale corso largo
    vicolo contrada frazione strada loc localita n nr num numero cap di del della delle dei degli da
    al a e il la lo in de d l san nato nata tel cell""".split()
)


@dataclass(frozen=True, slots=True)
class Known:
    """A letter cut into phrases, and the identity values it is known to hold, by kind."""

    phrases: Sequence[Phrase]
    identity: Sequence[tuple[str, str]]


def known(letter: FictitiousLetter) -> Known:
    """What the generator put in: marks for the patient; physicians, towns and phones by pool."""
    read, gold = annotations(letter)
    found = {
        (_IDENTITY[span.field], span.text)
        for annotation in gold
        for span in annotation.spans
        if span.field in _IDENTITY
    }
    for pool, kind in _POOLS.items():
        found |= {
            (kind, _titleless(entry)) for entry in slots()["pools"][pool] if entry in read.text
        }
    found |= {("phone", match[0].strip()) for match in _PHONE.finditer(read.text)}
    if "prof. Malvestuti" in read.text:
        names = re.search(r"prof\. (Malvestuti) - dr\. (\w+)", read.text)
        found |= {("physician", name) for name in (names.groups() if names else ())}
    return Known([annotation.phrase for annotation in gold], sorted(found))


def _titleless(name: str) -> str:
    return re.sub(r"^(?:dr|dott|prof)\.(?:ssa)?\s", "", name, flags=re.IGNORECASE)


def fictitious() -> Iterator[Known]:
    for voice in voices():
        for seed in SEEDS:
            yield known(write(voice, seed))


def written(path: Path, strangers: int = 0) -> Iterator[Known]:
    """The letters of a file, or each with the identities of so many strangers instead."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        letters = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        letters = [{"id": path.stem, "text": text}]
    if strangers:
        letters = [stranger(letter, seed) for seed in range(strangers) for letter in letters]
    for number, letter in enumerate(letters):
        values = [(one["kind"], one["text"]) for one in letter.get("identity", ())]
        yield Known(phrases(read_text(letter["text"], source=f"letter-{number}")), values)


class Count:
    """What came of the words of some letters."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.clinical = self.changed = self.dated = self.phrases = 0
        self.seconds = 0.0
        self.lost: dict[str, list[str]] = defaultdict(list)
        self.taken: Counter[str] = Counter()

    def add(self, letter: Known, hide: Callable[[Sequence[Phrase]], list[Shielded]]) -> None:
        begun = time.perf_counter()
        sent = hide(letter.phrases)
        self.seconds += time.perf_counter() - begun
        self.phrases += len(sent)
        places = [Places(part) for part in sent]
        for kind, value in letter.identity:
            for word, left in survivors(value, places):
                self.words[kind] += 1
                self.left[kind] += left
                if left:
                    self.lost[kind].append(f"{word} ({value})")
        for place in places:
            for start, end in place.others():
                if place.dated(start, end):
                    self.dated += 1
                    continue
                self.clinical += 1
                if place.hidden(start, end):
                    self.changed += 1
                    self.taken[place.text[start:end]] += 1


class Places:
    """Which stretches of a phrase are identity, and which the shield replaced."""

    def __init__(self, sent: Shielded) -> None:
        self.text, self.sent = sent.original, sent.text
        self._edits = [(edit.start, edit.end) for edit in sent.edits]
        self._dates = [(edit.start, edit.end) for edit in sent.edits if edit.kind == "date"]
        self._identity: list[tuple[int, int]] = []

    def find(self, value: str) -> Iterator[tuple[int, int]]:
        """Each place of a value, however its blanks are written."""
        shape = r"\s+".join(map(re.escape, value.split()))
        for match in re.finditer(rf"(?<!\w){shape}(?!\w)", self.text):
            self._identity.append(match.span())
            yield match.span()

    def hidden(self, start: int, end: int) -> bool:
        return any(first < end and start < last for first, last in self._edits)

    def dated(self, start: int, end: int) -> bool:
        return any(first < end and start < last for first, last in self._dates)

    def others(self) -> Iterator[tuple[int, int]]:
        """The words that belong to no identity value."""
        for match in _WORD.finditer(self.text):
            start, end = match.span()
            if not any(first < end and start < last for first, last in self._identity):
                yield start, end


def survivors(value: str, places: Sequence[Places]) -> Iterator[tuple[str, bool]]:
    """Each telling word of a value, and whether it stands in what is sent.

    A word of four letters or more must not stand there at all, as it is written; others must not
    where the value stands.
    """
    left: dict[str, bool] = {}
    for match in _WORD.finditer(value):
        word = match.group()
        if word.casefold() in _GENERIC or (len(word) < 2 and not word.isdigit()):
            continue
        left[word] = (
            word.isalpha()
            and len(word) > 3
            and not word.islower()
            and any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", place.sent) for place in places)
        )
    for place in places:
        for start, end in place.find(value):
            for match in _WORD.finditer(place.text, start, end):
                if match.group() in left and not place.hidden(*match.span()):
                    left[match.group()] = True
    yield from left.items()


def shielded(rules: Rules | None) -> Callable[[Sequence[Phrase]], list[Shielded]]:
    """Hides a letter as the labeller does, the rules' findings included."""

    def hide(letter: Sequence[Phrase]) -> list[Shielded]:
        shield = Shield(letter, rules.label(letter) if rules else (), default_schema(), SECRET)
        return [shield.hide(phrase) for phrase in letter]

    return hide


def tell(name: str, count: Count, show: bool) -> None:
    out = [f"{name}: {count.phrases / count.seconds:,.0f} phrases/s"]
    for kind in sorted(count.words):
        missed, total = count.left[kind], count.words[kind]
        out.append(f"  {kind:18} {missed:5} of {total:5} words left  {missed / total:7.2%}")
    if count.words:
        missed, total = count.left.total(), count.words.total()
        out.append(
            f"  {'all identity':18} {missed:5} of {total:5} words left  {missed / total:7.2%}"
        )
    share = count.changed / max(count.clinical, 1)
    out.append(
        f"  {'other words':18} {count.changed:5} of {count.clinical:6} changed   {share:7.3%}"
    )
    out[-1] += f" (and {count.dated} of dates)"
    if show:
        out += [f"    left, {kind}: {', '.join(words)}" for kind, words in count.lost.items()]
        out.append(f"    changed: {count.taken.most_common(150)}")
    print("\n".join(out), flush=True)  # noqa: T201


def measure(letters: Iterable[Known], rules: Rules | None) -> Count:
    count = Count()
    for letter in letters:
        count.add(letter, shielded(rules))
    return count


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--show", action="store_true", help="print words: fictitious files only")
    parser.add_argument("--strangers", type=int, default=0, help="draw the identities anew")
    parser.add_argument("--alone", action="store_true", help="without what the rules find")
    asked = parser.parse_args(arguments)
    rules = None if asked.alone else Rules()
    if not asked.files:
        tell("fictitious letters", measure(fictitious(), rules), asked.show)
    for path in asked.files:
        tell(path.name, measure(written(path, asked.strangers), rules), asked.show)


if __name__ == "__main__":
    main(sys.argv[1:])
