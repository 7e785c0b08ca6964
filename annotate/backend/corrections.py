"""What people corrected, kept up to date: a webhook says that there is something, a pull says what.

Label Studio delivers a webhook once, waits a second for the answer, and forgets it. So nothing is
learned from its words: it only brings the next pull nearer, and one that is missed is caught up by
the pull that comes anyway.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import LetteraError
from core.files import private_folder, write_json
from core.jsonl import read_records
from core.records import Annotation
from core.schema import default_schema

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

EVERY = 60.0  # seconds between two pulls that nobody asked for
CALM = 1.0  # seconds to let webhooks gather before a pull
MADE = frozenset({"ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED"})
DELETED = frozenset({"ANNOTATIONS_DELETED", "TASKS_DELETED"})
ACTIONS = MADE | DELETED
Pull = Callable[[bool], Sequence[Annotation]]
"""Brings corrected.jsonl up to date and returns all that is in it; True reads everything anew, to
find what was deleted. Raises LetteraError where it cannot, and then leaves the file alone."""


def pulling(client: "LabelStudio", title: str, out: Path) -> Pull:
    """Pulls from a project into a file."""
    from annotate.sync.pull import pull_into  # Label Studio's client takes seconds to import

    known: list[Annotation] | None = None

    def pull(full: bool) -> Sequence[Annotation]:
        nonlocal known
        pulled = pull_into(client, title, default_schema(), out, full=full)
        if known is None or pulled.fresh or pulled.withdrawn:
            known = list(read_records(out, Annotation)) if out.exists() else []
        return known

    return pull


class Corrections:
    """Counts what people said since the last training, and calls `enough` when that is a lot."""

    def __init__(
        self,
        pull: Pull | None,
        folder: Path,
        after: int | None,
        enough: Callable[[], object],
        tell: Callable[[str], object],
        every: float = EVERY,
    ) -> None:
        self._pull, self._after, self._enough, self._tell = pull, after, enough, tell
        self._every = every
        self._file = private_folder(folder) / "learned.json"
        self._learned = self._noted()  # the latest correction that a training was given
        self._latest = self._learned
        self._told, self._ended = threading.Event(), threading.Event()
        self._whole = True  # the next pull reads everything
        self._pulling = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="corrections", daemon=True)
        self.webhooks: Counter[str] = Counter()
        self.total: int | None = None  # None before the first pull
        self.new = 0
        self.problem: str | None = None  # why the last pull failed

    def start(self) -> None:
        """Pulls at once, whatever was missed, and from then on when told and every minute."""
        if self._pull is not None:
            self._told.set()
            self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._told.set()
        if self._thread.is_alive():
            self._thread.join(CALM)

    def webhook(self, action: str) -> None:
        """Takes note of what happened in Label Studio; the pull comes after the answer."""
        if action in ACTIONS:
            self.webhooks[action] += 1
            self._whole = self._whole or action in DELETED
            self._told.set()

    def pull(self) -> None:
        """Brings the file and the counts up to date. Raises LetteraError where it cannot."""
        if self._pull is None:
            return
        with self._pulling:
            whole, self._whole = self._whole, False
            try:
                found = [annotation for annotation in self._pull(whole) if _counts(annotation)]
            except BaseException:
                self._whole = whole or self._whole
                raise
            made = sorted(str(annotation.extra.get("made", "")) for annotation in found)
            self.total = len(found)
            self.new = sum(time > self._learned for time in made)
            self._latest = max([self._learned, *made[-1:]])

    def learned(self) -> None:
        """A training was given all that was pulled: counts anew from here, also after a restart."""
        with self._pulling:
            self._learned, self.new = self._latest, 0
            write_json(self._file, {"until": self._learned})

    def _run(self) -> None:
        while True:
            if self._told.wait(self._every):
                self._ended.wait(min(CALM, self._every))
            if self._ended.is_set():
                return
            self._told.clear()
            self._look()

    def _look(self) -> None:
        try:
            self.pull()
        except LetteraError as error:
            problem = str(error)
        except Exception as error:  # this thread is what catches up; it must not end
            problem = f"the corrections could not be fetched ({type(error).__name__})"
        else:
            self.problem = None
            if self._after is not None and self.new >= self._after:
                self._enough()
            return
        if problem != self.problem:
            self._tell(f"{problem}; trying again every {self._every:.0f} s")
        self.problem = problem

    def _noted(self) -> str:
        try:
            return str(json.loads(self._file.read_bytes())["until"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""


def _counts(annotation: Annotation) -> bool:
    """Whether a person looked at this very phrase and had something to say."""
    looked = annotation.origin == "human" and not annotation.skipped
    return looked and "carried" not in annotation.extra
