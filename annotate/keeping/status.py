"""How far a workspace is: one line for each thing in it, and what to do next."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from annotate.keeping.backup import backups_of
from annotate.server.running import running_in
from core.jsonl import read_records
from core.label.hosted.account import account
from core.label.hosted.ledger import Ledger
from core.label.hosted.models import price_list
from core.learn.record import FILE, read_record
from core.records import Annotation, Letter

Line = tuple[str, str]


def status(workspace: Path) -> list[Line]:
    """What is there, in the order of the work, as (what, told). Nothing is changed."""
    steps = (_letters, _labelled, _corrected, _model, _server, _money, _backups)
    return [line for step in steps for line in step(workspace)]


def _letters(workspace: Path) -> Iterator[Line]:
    path = workspace / "letters.jsonl"
    if not path.exists():
        yield "letters", "none yet: lettera read FILES... (or lettera up FILES...)"
        return
    kinds = Counter(bool(letter.text) for letter in read_records(path, Letter))
    away = f", {kinds[False]:,} turned away" if kinds[False] else ""
    yield "letters", f"{kinds[True]:,}{away}"


def _labelled(workspace: Path) -> Iterator[Line]:
    path = workspace / "labelled.jsonl"
    if path.exists():
        sources = Counter(line.source for line in read_records(path, Annotation))
        told = ", ".join(f"{number:,} by {source}" for source, number in sources.most_common())
        yield "pre-labelled", told or "no phrase"


def _corrected(workspace: Path) -> Iterator[Line]:
    path = workspace / "corrected.jsonl"
    if not path.exists():
        yield "corrected", "nothing yet: lettera pull brings it"
        return
    people, phrases, skipped, last = Counter[str](), set[str](), 0, ""
    for line in read_records(path, Annotation):
        if line.origin == "human":
            people[line.source] += 1
            phrases.add(line.phrase.id)
            skipped += line.skipped
            last = max(last, str(line.extra.get("made", "")))
    when = f", last {last[:16].replace('T', ' ')} UTC" if last else ""
    said = _many(len(phrases), "phrase", "phrases")
    who = _many(len(people), "person", "people")
    yield "corrected", f"{said} by {who}, {skipped:,} skipped{when}"


def _model(workspace: Path) -> Iterator[Line]:
    folder = workspace / "model"
    if not (folder / FILE).exists():
        yield "model", "none yet: lettera train corrected.jsonl -o model/"
        return
    record = read_record(folder)
    test = record.scores.get("test")
    told = f"strict F1 {test.micro.f1:.3f} on {test.letters:,} letters" if test else "not scored"
    human = record.phrases.get("human", 0)
    yield "model", f"{record.base}, {record.date}, {told}; {human:,} corrected phrases known to it"


def _server(workspace: Path) -> Iterator[Line]:
    folder = workspace / "labelstudio"
    if folder.exists():
        there = running_in(folder)
        yield "Label Studio", there.address if there else "not running: lettera up"


def _money(workspace: Path) -> Iterator[Line]:
    path = workspace / "ledger.db"
    if path.exists():
        with Ledger(path) as ledger:
            lines = account(ledger, price_list(workspace / "models.toml"))
        calls, usd = sum(line.calls for line in lines), sum(line.usd or 0 for line in lines)
        yield "hosted models", f"{calls:,} calls, US $ {usd:.4f} (lettera ledger)"


def _backups(workspace: Path) -> Iterator[Line]:
    found = backups_of(workspace)
    yield "backups", f"{len(found)}, the newest {found[-1].name}" if found else "none"


def _many(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"
