"""A hosted model from the front door: what it would cost, what it did cost, when it stops."""

import json
import stat
from pathlib import Path

import pytest

from core.jsonl import read_records, write_records
from core.label.formats import FORMATS, Asked
from core.label.rules.rules import Rules
from core.learn.tags import longest
from core.records import Annotation, Letter
from core.schema import default_schema
from core.steps import phrases_in
from tests.front_door import LETTER, Run
from tests.loopback.together import Json, LoopbackTogether, Said, Script

pytestmark = pytest.mark.slow

SCHEMA = default_schema()


def said_by_rules(letters: Path, language: str = "it") -> Script:
    """A model that answers every question, in whatever format, as the rules would."""
    known = list(Rules().label(phrases_in(letters)))
    answers: dict[str, str] = {}
    for name in ("iob", "inline", "spans"):
        form = FORMATS.get(name)(SCHEMA, "field", language)
        for annotation in known:
            phrase = annotation.phrase
            section = phrase.section if phrase.section in SCHEMA.fields else None
            seen = SCHEMA.seen_as(annotation, "field")
            for where in (section, None):
                messages = form.messages([Asked(phrase.text, where)])
                answers[_whole(messages)] = form.answer(phrase.text, seen.spans)

    def answer(body: Json) -> Said:
        return Said(answers[_whole(body["messages"])])

    return answer


def _whole(messages: list[dict[str, str]]) -> str:
    return "\n".join(message["content"] for message in messages)


@pytest.fixture
def letters(run: Run, tmp_path: Path) -> Path:
    folder = tmp_path / "lettere"
    folder.mkdir()
    (folder / "a.txt").write_text(LETTER)
    run("read", "lettere", "-o", "letters.jsonl")
    return tmp_path / "letters.jsonl"


@pytest.fixture
def served(letters: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackTogether:
    with LoopbackTogether(said_by_rules(letters)).running() as server:
        monkeypatch.setenv("TOGETHER_API_KEY", "k")
        monkeypatch.setenv("TOGETHER_BASE_URL", server.address)
        yield server


def label(run: Run, *more: str) -> tuple[int, str, str]:
    return run("label", "letters.jsonl", "-o", "labelled.jsonl", "--by", "together", *more)


def test_a_dry_run_says_what_it_would_cost_and_asks_nothing(
    run: Run, served: LoopbackTogether
) -> None:
    code, said, _ = label(run, "--dry-run", "--format", "spans")
    assert code == 0 and "dry run, nothing was sent:" in said and "about US $" in said
    assert "(list price of 20" in said and served.requests == []
    assert not Path("labelled.jsonl").exists()
    code, _, complaint = run("label", "letters.jsonl", "--by", "rules", "--dry-run")
    assert code == 1 and "costs nothing" in complaint


@pytest.mark.parametrize("form", ["iob", "inline", "spans"])
def test_in_each_format_a_model_says_the_same_and_is_paid_once(
    run: Run, served: LoopbackTogether, letters: Path, form: str
) -> None:
    code, said, complaint = label(run, "--format", form)
    assert code == 0, complaint
    assert f"/{form}.v1.it: labelled.jsonl" in said and "calls" in said and "US $ 0." in said
    found = list(read_records(Path("labelled.jsonl"), Annotation))
    rules = [SCHEMA.seen_as(a, "field") for a in Rules().label(phrases_in(letters))]
    for one, other in zip(found, rules, strict=True):
        marked = {(s.start, s.end, s.field) for s in one.spans}
        known = longest(other.spans) if form == "iob" else other.spans  # words have one label
        assert {(s.start, s.end, s.field) for s in known} <= marked
        assert all(s.score is not None for s in one.spans if s.label not in SCHEMA.groups)
    asked = len(served.requests)
    Path("labelled.jsonl").unlink()
    code, said, _ = label(run, "--format", form)
    assert code == 0 and "0 calls" in said and len(served.requests) == asked


def test_the_money_runs_out_before_the_letters_do(run: Run, served: LoopbackTogether) -> None:
    code, said, complaint = label(run, "--max-usd", "0.015")
    assert code == 1 and "stopped before passing 0.01 US dollars" in complaint
    done = len(list(read_records(Path("labelled.jsonl"), Annotation)))
    whole = len(list(phrases_in(Path("letters.jsonl"))))
    assert 0 <= done < whole and "US $ 0.0" in said
    code, said, _ = label(run)
    assert code == 0 and len(list(read_records(Path("labelled.jsonl"), Annotation))) == whole
    code, said, _ = run("ledger")
    assert code == 0 and "meta-llama/Llama-3.3-70B-Instruct-Turbo" in said and "iob.v1.it" in said
    code, said, _ = run("ledger", "--export", "out/calls.jsonl")
    kinds = {json.loads(line)["kind"] for line in Path("out/calls.jsonl").read_text().splitlines()}
    assert kinds == {"call", "answer"}
    assert stat.S_IMODE(Path("out/calls.jsonl").stat().st_mode) == 0o600


def test_nothing_asked_is_no_account(run: Run, tmp_path: Path) -> None:
    code, said, _ = run("ledger")
    assert code == 0 and "no hosted model was asked" in said


def test_labellers_are_compared_on_gold_by_formats_and_models(
    run: Run, served: LoopbackTogether, letters: Path
) -> None:
    gold = [SCHEMA.seen_as(a, "field") for a in Rules().label(phrases_in(letters))]
    write_records(Path("gold.jsonl"), gold)
    entries = ("rules", "together::spans", "together:Qwen/Qwen3.5-9B:inline", "paper")
    named = [word for entry in entries for word in ("--with", entry)]
    code, said, complaint = run("compare-labellers", "gold.jsonl", *named, "-o", "report")
    assert code == 0, complaint
    lines = said.splitlines()
    assert lines[0].split()[:3] == ["labeller", "strict", "F1"]
    assert {line.split()[0] for line in lines[1:-1]} >= {*entries[:3]}
    assert sum(line.lstrip().startswith("together:") for line in lines[1:-1]) >= 4
    assert "report/compare.html" in lines[-1]
    told = json.loads(Path("report/compare.json").read_text())
    rules = next(entry for entry in told["entries"] if entry["name"] == "rules")
    assert rules["agreement"]["strict"]["value"] == 1.0
    assert all(e["cost"]["usd"] > 0 for e in told["entries"] if e["name"] != "rules")


def test_a_letter_is_shown_as_it_would_be_sent(run: Run, letters: Path) -> None:
    code, said, complaint = run("shield", "lettere", "-o", "shielded.jsonl")
    assert code == 0, complaint
    sent = Path("shielded.jsonl").read_text()
    assert "CERASUOLO" not in sent and "EMILIO" not in sent and "14/11/1943" not in sent
    assert "Stenosi aortica severa" in sent and "stand-ins: shielded.jsonl" in said
    way_back = Path("workspace/shield.jsonl")
    assert "CERASUOLO" in way_back.read_text()
    assert stat.S_IMODE(way_back.stat().st_mode) == 0o600
    letter = next(read_records(letters, Letter))
    assert letter.id in sent


def test_fields_asked_of_a_model_carry_no_identity_out_and_come_back_with_it(
    run: Run, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(body: Json) -> Said:
        told = [{"field": "fumo", "quote": "Ex fumatore", "value": 1}]
        asked = "- fumo (" in body["messages"][0]["content"]
        return Said(json.dumps({"fields": told if asked else []}))

    with LoopbackTogether(answer).running() as server:
        monkeypatch.setenv("TOGETHER_BASE_URL", server.address)
        words = ("extract", "lettere", "-o", "out.json", "--by", "llm", "--shield", "on")
        code, said, complaint = run(*words)
        assert code == 0, complaint
        sent = server.sent().casefold()
    assert "stenosi aortica" in sent
    for hidden in ("cerasuolo", "emilio", "14/11/1943", "27/04/2016", "05/05/2016"):
        assert hidden not in sent
    [told] = json.loads(Path("out.json").read_text())
    assert told["fields"]["cognome"]["value"].casefold() == "cerasuolo"
    assert told["fields"]["fumo"]["value"] == 1
    assert told["fields"]["fumo"]["evidence"][0]["text"] == "Ex fumatore"
    assert told["fields"]["data_di_nascita"]["value"] == "1943-11-14"


def test_sifting_says_what_went_and_why(run: Run, letters: Path) -> None:
    run("label", "letters.jsonl", "-o", "labelled.jsonl", "--by", "rules")
    code, said, _ = run("sift", "labelled.jsonl", "-o", "sifted.jsonl")
    assert code == 0 and "before: " in said and "with no span" in said
    kept = list(read_records(Path("sifted.jsonl"), Annotation))
    assert kept and all(a.spans and len(a.phrase.text) >= 15 for a in kept)
    assert json.loads(Path("report/sift.json").read_text())["after"]["phrases"] == len(kept)
    assert "<svg" in Path("report/lengths.svg").read_text()
