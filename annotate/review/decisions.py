"""What reviewers decided, each decision on disk before the next phrase is shown.

A decision is a row, never changed but by `undo`. It holds places and labels, no words of a letter.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self, cast

from core.errors import BadInput
from core.files import private_folder
from core.records import Json

Verdict = Literal["kept", "fixed", "discarded"]
# Label Studio numbers its accounts from 1, and `person/<n>` must never be two people.
_FIRST_PERSON = 1001
_TABLES = """
CREATE TABLE IF NOT EXISTS reviewers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE
);
CREATE TABLE IF NOT EXISTS decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    phrase TEXT NOT NULL,
    reviewer INTEGER NOT NULL REFERENCES reviewers,
    verdict TEXT NOT NULL,
    spans TEXT NOT NULL,
    seconds REAL NOT NULL,
    made TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS decisions_by_phrase ON decisions (phrase, reviewer, id);
"""
# Of several decisions of one person on one phrase the last counts.
_STANDING = """
    NOT undone AND NOT EXISTS (
        SELECT 1 FROM decisions later WHERE later.phrase = decisions.phrase
        AND later.reviewer = decisions.reviewer AND NOT later.undone AND later.id > decisions.id
    )
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """`spans` are those of the file with their quotes left out; `made` is ISO 8601, UTC."""

    phrase: str
    reviewer: int
    verdict: Verdict
    spans: tuple[Json, ...]
    seconds: float
    made: str


class Decisions:
    """The decisions in a SQLite file (0600); several threads and several processes may share it."""

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        try:
            path.touch(mode=0o600)
            self._file = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._file.executescript(f"PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON; {_TABLES}")
        except (OSError, sqlite3.Error) as error:
            raise BadInput(f"{path}: cannot hold the decisions ({error}); move it away") from error
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def reviewer(self, name: str) -> int:
        """The number of a reviewer, a new one where the name is new; capitals do not matter."""
        with self._one_at_a_time:
            # A second insert of a name would use up a number, so it is made where the first is not.
            self._file.execute(
                "INSERT INTO reviewers (name) SELECT ?1 WHERE NOT EXISTS "
                "(SELECT 1 FROM reviewers WHERE name = ?1)",
                (name,),
            )
            found = self._file.execute("SELECT number FROM reviewers WHERE name = ?", (name,))
            return _FIRST_PERSON - 1 + int(found.fetchone()[0])

    def add(
        self, phrase: str, reviewer: int, verdict: Verdict, spans: list[Json], seconds: float
    ) -> None:
        row = (
            phrase,
            reviewer - _FIRST_PERSON + 1,
            verdict,
            json.dumps(spans),
            seconds,
            datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        with self._one_at_a_time:
            self._file.execute(
                "INSERT INTO decisions (phrase, reviewer, verdict, spans, seconds, made) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

    def undo(self, reviewer: int) -> Decision | None:
        """Takes back a reviewer's last decision, and returns it."""
        with self._one_at_a_time:
            found = self._file.execute(
                "UPDATE decisions SET undone = 1 WHERE id = "
                "(SELECT MAX(id) FROM decisions WHERE reviewer = ? AND NOT undone) "
                "RETURNING phrase, reviewer, verdict, spans, seconds, made",
                (reviewer - _FIRST_PERSON + 1,),
            ).fetchall()
        return _decision(found[0]) if found else None

    def decided(self, reviewer: int | None = None) -> dict[str, Verdict]:
        """The phrases that somebody, or one reviewer, decided on, with the last verdict."""
        whose = None if reviewer is None else reviewer - _FIRST_PERSON + 1
        with self._one_at_a_time:
            rows = self._file.execute(
                "SELECT phrase, verdict FROM decisions "
                "WHERE NOT undone AND reviewer = IFNULL(?, reviewer) ORDER BY id",
                (whose,),
            ).fetchall()
        return dict(rows)

    def standing(self) -> Iterator[Decision]:
        """The last decision of each reviewer on each phrase, in the order they were made."""
        with self._one_at_a_time:
            rows = self._file.execute(
                "SELECT phrase, reviewer, verdict, spans, seconds, made FROM decisions "
                f"WHERE {_STANDING} ORDER BY id"
            ).fetchall()
        yield from map(_decision, rows)


def _decision(row: tuple[str, int, str, str, float, str]) -> Decision:
    phrase, reviewer, verdict, spans, seconds, made = row
    number = _FIRST_PERSON - 1 + reviewer
    verdict = cast(Verdict, verdict)
    return Decision(phrase, number, verdict, tuple(json.loads(spans)), seconds, made)
