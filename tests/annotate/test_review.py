"""The review: what reviewers decide is on disk at once, theirs alone, and comes out as went in."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.review.decisions import Decisions
from annotate.review.desk import OPEN_SECONDS, Desk
from annotate.review.order import ORDERS, in_order
from core.errors import BadInput
from core.jsonl import read_records, write_records
from core.records import Annotation, Json, Phrase, Span, phrase_ids
from core.schema import default_schema

SCHEMA = default_schema()
SMOKER = "Ex fumatore 🚬, nega diabete."


def annotation(text: str, *spans: Span, letter: str = "a", start: int = 0) -> Annotation:
    quoted = tuple(replace(span, text=text[span.start : span.end]) for span in spans)
    phrase = Phrase(next(phrase_ids(letter, [text])), letter, start, start + len(text), text)
    return Annotation(phrase, quoted, "rules", "rules/1", extra={"view": "field"})


FILE = [
    annotation("Motivo del ricovero: dispnea"),
    annotation(
        SMOKER,
        Span(0, 11, "fumo", field="fumo", state="present", score=0.4),
        Span(20, 27, "diabete", field="diabete", state="negated", value=False, score=0.9),
        start=40,
    ),
    annotation("Fuma.", Span(0, 4, "fumo", field="fumo", score=0.7), start=80),
]
SMOKES = FILE[1].key


@pytest.fixture
def decisions(tmp_path: Path) -> Iterator[Decisions]:
    with Decisions(tmp_path / "review.db") as opened:
        yield opened


def desk(decisions: Decisions, **how: object) -> Desk:
    return Desk(FILE, decisions, SCHEMA, "field", **how)  # type: ignore[arg-type]


def as_shown(annotation: Annotation) -> list[Json]:
    """What the page sends when a phrase is left as it is."""
    return [
        {"start": s.start, "end": s.end, "label": s.label, "state": s.state, "of": number}
        for number, s in enumerate(annotation.spans)
    ]


def ids(annotations: Sequence[Annotation]) -> list[str]:
    return [annotation.phrase.text for annotation in annotations]


@pytest.mark.parametrize(
    ("order", "texts"),
    [
        ("file", ids(FILE)),
        ("uncertain", [SMOKER, "Fuma.", "Motivo del ricovero: dispnea"]),
        ("shortest", ["Fuma.", "Motivo del ricovero: dispnea", SMOKER]),
        ("one", ["Fuma."]),
        ("none", ["Motivo del ricovero: dispnea"]),
    ],
)
def test_orders(order: str, texts: list[str]) -> None:
    assert order in ORDERS
    assert ids(in_order(FILE, order)) == texts


def test_a_phrase_kept_as_it_is_keeps_all_the_machine_knew(decisions: Decisions) -> None:
    shown = desk(decisions).decide("Ines", "file", SMOKES, as_shown(FILE[1]), 4.5)
    assert shown["text"] == "Motivo del ricovero: dispnea"
    (line,) = desk(decisions).reviewed()
    assert (line.origin, line.source, line.seconds, line.skipped) == (
        "human", "person/1001", 4.5, False,
    )  # fmt: skip
    assert [(s.label, s.state, s.value, s.edit, s.text) for s in line.spans] == [
        ("fumo", "present", None, "kept", "Ex fumatore"),
        ("diabete", "negated", False, "kept", "diabete"),
    ]
    assert line.extra["before"]["source"] == "rules/1"
    assert Annotation.from_json(line.to_json()) == line


def test_a_correction_says_what_was_changed_added_and_taken_away(decisions: Decisions) -> None:
    moved = {"start": 3, "end": 11, "label": "fumo", "state": "present", "of": 0}
    added = {"start": 12, "end": 13, "label": "fumo", "state": None, "of": -1}
    desk(decisions).decide("Ines", "file", SMOKES, [added, moved], 1)
    (line,) = desk(decisions).reviewed()
    assert [(s.start, s.end, s.edit, s.text) for s in line.spans] == [
        (3, 11, "changed", "fumatore"),
        (12, 13, "added", "🚬"),
    ]
    assert decisions.decided() == {SMOKES: "fixed"}


def test_a_discarded_phrase_is_skipped_and_undo_brings_it_back_as_it_was_left(
    decisions: Decisions,
) -> None:
    table = desk(decisions)
    moved = [{"start": 3, "end": 11, "label": "fumo", "state": "family", "of": 0}]
    table.decide("Ines", "file", SMOKES, moved, 1)
    table.decide("Ines", "file", FILE[2].key, None, 1)
    assert [line.skipped for line in table.reviewed()] == [False, True]
    assert table.undo("Ines", "file")["id"] == FILE[2].key
    shown = table.undo("Ines", "file")
    assert shown["id"] == SMOKES
    assert [(s["start"], s["end"], s["state"]) for s in shown["spans"]] == [(3, 11, "family")]
    assert not list(table.reviewed())
    assert "text" in table.undo("Ines", "file"), "nothing left to undo: the phrase stays"


def test_reviewers_share_the_phrases_and_each_decision_is_its_own(decisions: Decisions) -> None:
    now = [0.0]
    table = desk(decisions, clock=lambda: now[0])
    first, second = table.show("Ines", "file"), table.show("Rosa", "file")
    assert first["id"] != second["id"]
    table.decide("Rosa", "file", second["id"], None, 1)
    table.decide("Ines", "file", second["id"], as_shown(FILE[1]), 1)
    assert sorted(line.source for line in table.reviewed()) == ["person/1001", "person/1002"]
    assert table.show("Ada", "file").get("done"), "the last ones lie open before the others"
    now[0] += OPEN_SECONDS + 1
    assert table.show("Ada", "file")["id"] == first["id"]


def test_each_reviewer_may_go_through_all(decisions: Decisions) -> None:
    table = desk(decisions, each=True)
    for name in ("Ines", "ines ", "Rosa"):
        while not (shown := table.show(name, "file")).get("done"):
            table.decide(name, "file", shown["id"], None, 1)
    assert [line.source for line in table.reviewed()] == ["person/1001", "person/1002"] * 3


def test_a_phrase_put_off_comes_last(decisions: Decisions) -> None:
    table = desk(decisions)
    first = table.show("Ines", "file")["id"]
    seen = [table.postpone("Ines", "file", first)["id"]]
    seen.append(table.decide("Ines", "file", seen[0], None, 1)["id"])
    seen.append(table.decide("Ines", "file", seen[1], None, 1)["id"])
    assert seen == [FILE[1].key, FILE[2].key, first]


@pytest.mark.parametrize(
    "spans",
    [
        "no list",
        [None],
        [{}],
        [{"start": 0, "end": 99, "label": "fumo"}],
        [{"start": -1, "end": 2, "label": "fumo"}],
        [{"start": 3, "end": 3, "label": "fumo"}],
        [{"start": "0", "end": 2, "label": "fumo"}],
        [{"start": 0, "end": 2, "label": "no label"}],
        [{"start": 0, "end": 2, "label": "fumo", "state": "perhaps"}],
    ],
)
def test_what_the_page_cannot_mean_is_refused_and_not_kept(
    decisions: Decisions, spans: object
) -> None:
    with pytest.raises(BadInput) as refused:
        desk(decisions).decide("Ines", "file", SMOKES, spans, 1)
    assert "fumatore" not in str(refused.value)
    assert decisions.decided() == {}


@given(st.text(min_size=1).filter(lambda text: "\x00" not in text), st.data())
def test_offsets_survive_any_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    one = annotation(text)
    with TemporaryDirectory() as folder, Decisions(Path(folder) / "review.db") as decisions:
        table = Desk([one], decisions, SCHEMA, "field")
        sent = [{"start": start, "end": end, "label": "fumo", "state": None, "of": -1}]
        table.decide("Ines", "file", one.key, sent, 1)
        (line,) = table.reviewed()
    assert [span.text for span in line.spans] == [text[start:end]]


def test_the_file_is_private_and_holds_no_words(tmp_path: Path) -> None:
    path = tmp_path / "review.db"
    with Decisions(path) as decisions:
        desk(decisions).decide("Ines", "file", SMOKES, as_shown(FILE[1]), 1)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for file in tmp_path.iterdir():
            assert b"fumatore" not in file.read_bytes()


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "review.db"
    path.write_text("a shopping list, long enough to be taken for a database header")
    with pytest.raises(BadInput, match="move it away"):
        Decisions(path)


def test_ten_reviewers_at_once_lose_nothing(tmp_path: Path) -> None:
    many = [annotation(f"frase {n}") for n in range(200)]

    def review(name: str) -> int:
        with Decisions(tmp_path / "review.db") as own:  # as another process would open it
            table = Desk(many, own, SCHEMA, "field", each=True)
            done = 0
            while not (shown := table.show(name, "file")).get("done") and done < 20:
                table.decide(name, "file", shown["id"], None, 1)
                done += 1
            return done

    with ThreadPoolExecutor(10) as pool:
        made = sum(pool.map(review, [f"R{n}" for n in range(10)]))
    with Decisions(tmp_path / "review.db") as decisions:
        assert len(list(decisions.standing())) == made == 200


KILLED = """
import sys
from pathlib import Path
from annotate.review.decisions import Decisions
decisions = Decisions(Path(sys.argv[1]))
for number in range(10**6):
    decisions.add(f"a:{number}", 1001, "kept", [], 1.0)
    print(number, flush=True)
"""


def test_a_killed_program_has_kept_every_decision_it_told_of(tmp_path: Path) -> None:
    for round_ in range(int(os.environ.get("LETTERA_SOAK", "3"))):
        path = tmp_path / f"{round_}.db"
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout
            told = [int(running.stdout.readline()) for _ in range(20 + 7 * round_)]
            running.send_signal(signal.SIGKILL)
        with Decisions(path) as decisions:
            assert {f"a:{number}" for number in told} <= decisions.decided().keys()
        with sqlite3.connect(path) as checked:
            assert checked.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        checked.close()


def test_it_takes_and_gives_the_same_lines(decisions: Decisions, tmp_path: Path) -> None:
    table = desk(decisions)
    for line in FILE:
        table.decide("Ines", "file", line.key, as_shown(line), 1)
    write_records(tmp_path / "reviewed.jsonl", table.reviewed())
    back = list(read_records(tmp_path / "reviewed.jsonl", Annotation))
    assert [b.phrase for b in back] == [a.phrase for a in FILE]
    again = Desk(back, decisions, SCHEMA, "field")
    assert again.counts()["kept"] == 3, "what was reviewed can be reviewed again"
