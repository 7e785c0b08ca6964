"""The labelling backend itself: a model that answers, corrections that come in, a training."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotate.backend.answers import PATIENCE, Answering, label_set
from annotate.backend.corrections import EVERY, Corrections, Pull
from annotate.backend.door import Account, account
from annotate.backend.model import Newest
from annotate.backend.training import Busy, Training
from core.files import private_folder
from core.records import Json

LOOK = 1.0  # seconds between two looks for a newer model


def folder_of(workspace: Path) -> Path:
    """Where a workspace keeps what its backend has to remember."""
    return private_folder(private_folder(workspace) / "backend")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backend serves and learns.

    `model`: `rules`, a folder or a Hub id. `train`: the program that trains, and that writes
    `trained(model, workspace)`. `after`: so many new corrections start a training; None waits for
    a person to ask. `then`: called when a training has ended well. `patience`: seconds to answer
    in. `every`: seconds between two pulls.
    """

    model: str
    workspace: Path
    train: Sequence[str]
    pull: Pull | None = None
    after: int | None = None
    tell: Callable[[str], object] = field(default=lambda sentence: None)
    then: Callable[[], object] | None = None
    patience: float = PATIENCE
    every: float = EVERY


def trained(model: str, workspace: Path) -> Path:
    """Where the model that follows this one is put: in its place, where it is a folder."""
    return Path(model) if Path(model).is_dir() else workspace / "model"


class Backend:
    """Answers Label Studio. `start` and `stop` begin and end what it does by itself."""

    def __init__(self, plan: Plan) -> None:
        folder = folder_of(plan.workspace)
        self.password_file = folder / "account.toml"
        self.account: Account = account(self.password_file)
        self.model = Newest(plan.model, trained(plan.model, plan.workspace))
        self.tell = plan.tell
        self._patience = plan.patience
        self._answered: Counter[str] = Counter()
        self.corrections = Corrections(
            plan.pull, folder, plan.after, self._enough, plan.tell, plan.every
        )
        self.training = Training(plan.train, folder, self._lessons, self._learned, plan.tell)
        self._then = plan.then
        self._ended = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="model", daemon=True)

    def start(self) -> None:
        self._follower.start()
        self.corrections.start()
        self.training.resume()

    def stop(self) -> None:
        self._ended.set()
        self.corrections.stop()
        self.training.stop()

    def answer(self, tasks: Sequence[Any], config: str) -> list[Any]:
        """One result a task, in order, under the label set of a label config."""
        results = Answering(self.model, label_set(config)).results(tasks, self._patience)
        self._answered["tasks"] += len(results)
        self._answered["unanswered"] += sum(not result for result in results)
        return results

    def status(self) -> Json:
        """What the backend does, for a person or a program that asks."""
        training, corrections = self.training.status, self.corrections
        return {
            "state": training.state,
            "percent": self.training.percent,
            "since": training.since,
            "reason": training.reason,
            "model": self.model.source,
            "spoilt": self.model.spoilt,
            "corrections": {
                "total": corrections.total,
                "new": corrections.new,
                "problem": corrections.problem,
            },
            "webhooks": dict(corrections.webhooks),
            "answered": dict(self._answered),
        }

    def _lessons(self) -> None:
        self.corrections.pull()
        self.corrections.learned()

    def _enough(self) -> None:
        try:
            self.training.start()
        except Busy:
            return  # what came meanwhile counts for the next one

    def _learned(self) -> None:
        self._look()
        if self._then is not None:
            self._then()

    def _look(self) -> None:
        if self.model.refresh():
            spoilt = self.model.spoilt
            self.tell(
                f"{spoilt}; the old one goes on labelling"
                if spoilt
                else f"labelling by {self.model.source} from now on"
            )

    def _follow(self) -> None:
        while not self._ended.wait(LOOK):
            self._look()
