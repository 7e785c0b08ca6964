"""Files of results, one a system -> all that the paper compares, in one value and one report."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from core.errors import BadInput, UnknownName
from core.extract.compare.against import against
from core.extract.compare.agreement import disagreements, pairs
from core.extract.compare.comparison import Comparison
from core.extract.compare.source import Document, System, names_of, read_system
from core.extract.compare.tally import tally
from core.extract.compare.texts import TFIDF, compare_texts
from core.files import private_folder, write_json, write_text
from core.jsonl import read_records
from core.records import Letter
from core.schema import Schema, default_schema


def compare(
    files: Sequence[Path],
    *,
    gold: Path | None = None,
    letters: Path | None = None,
    encoder: Path | None = None,
    letter: str | None = None,
    seed: int = 0,
) -> Comparison:
    """Reads and compares; `letters` is letters.jsonl, for the words behind the quotes.

    Raises BadInput where nothing can be compared, UnknownName for a letter that not all have.
    """
    schema = default_schema()
    systems = [
        read_system(path, name, schema)
        for path, name in zip(files, names_of(list(files)), strict=True)
    ]
    everyone = list(dict.fromkeys(x for system in systems for x in system.documents))
    common = [x for x in everyone if all(x in system.documents for system in systems)]
    _check(systems, common)
    notes = _notes(systems, common, everyone)
    texts = None if letters is None else _texts(letters, systems, common)
    found = Comparison(
        systems,
        common,
        everyone,
        [tally(system, common, everyone, texts) for system in systems],
        pairs(systems, common, schema),
        compare_texts(systems, common, schema, encoder, seed),
        _shown(systems, common, letter, schema),
        notes=notes,
    )
    if found.texts.encoder == TFIDF:
        notes.append("texts are compared by TF-IDF, not by a language model (--encoder FOLDER)")
    if gold is not None:
        _score(found, gold, schema, seed)
    return found


def write_comparison(found: Comparison, folder: Path) -> Path:
    """Writes comparison.json and comparison.html, which quotes letters; returns the latter."""
    from core.extract.compare.page import page  # matplotlib takes a second to import

    private_folder(folder)
    write_json(folder / "comparison.json", found.to_json())
    write_text(folder / "comparison.html", page(found, default_schema()))
    return folder / "comparison.html"


def _check(systems: Sequence[System], common: Sequence[str]) -> None:
    if not systems:
        raise BadInput("nothing to compare; give the JSON files that extract wrote")
    if not common:
        fewest = min(systems, key=lambda system: len(system.documents))
        raise BadInput(
            f"no letter is in all files; leave out '{fewest.name}', which has "
            f"{len(fewest.documents)}, or extract from the same letters"
        )


def _notes(systems: Sequence[System], common: Sequence[str], everyone: Sequence[str]) -> list[str]:
    notes = []
    if len(common) < len(everyone):
        notes.append(
            f"compared on the {len(common)} letters that all systems answered, of {len(everyone)}"
        )
    if len(systems) == 1:
        notes.append("one system only: nothing to agree with")
    for system in systems:
        if system.unnamed:
            notes.append(f"{system.name}: {system.unnamed} answers name no letter")
    return notes


def _texts(path: Path, systems: Sequence[System], common: Sequence[str]) -> dict[str, str]:
    """The text of each letter, by the id that a result names, else by the file's name."""
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    for letter in read_records(path, Letter):
        ids[letter.id] = letter.text
        names.setdefault(letter.source, letter.text)
    found = {}
    for name in common:
        told = (system.documents[name].extra.get("id") for system in systems)
        by_id = (ids[one] for one in told if isinstance(one, str) and one in ids)
        text = next(by_id, names.get(name))
        if text is not None:
            found[name] = text
    if not found:
        raise BadInput(f"{path}: none of the letters compared is in it")
    return found


def _shown(
    systems: Sequence[System], common: Sequence[str], letter: str | None, schema: Schema
) -> str:
    """The letter to show side by side: the one asked for, else the most disputed."""
    if letter is None:
        return max(common, key=lambda name: disagreements(systems, name, schema))
    if letter not in common:
        raise UnknownName(f"no letter named '{letter}' in all files")
    return letter


def _score(found: Comparison, path: Path, schema: Schema, seed: int) -> None:
    gold = read_system(path, "gold", schema)
    known = _matched(gold.documents, found.letters)
    scored = [name for name in found.letters if name in known]
    if not scored:
        raise BadInput(f"{path}: none of the letters compared is in it")
    wrong = sum(s.verdict in ("type", "invented") for d in known.values() for s in d.said)
    if wrong:
        found.notes.append(f"{wrong} values of gold are of no field or not of its type; left out")
    if len(scored) < len(found.letters):
        found.notes.append(f"gold has {len(scored)} of the {len(found.letters)} letters")
    found.gold, found.gold_name = System("gold", known), path.name
    found.scored = against(found.systems, found.gold, scored, schema, seed)


def _matched(gold: dict[str, Document], letters: Iterable[str]) -> dict[str, Document]:
    """Gold under the letters' names; "k01" is the letter of "k01.txt" where there is no other."""
    stems = {PurePath(name).stem: document for name, document in gold.items()}
    found = {}
    for letter in letters:
        document = gold.get(letter) or stems.get(PurePath(letter).stem)
        if document is not None:
            found[letter] = document
    return found
