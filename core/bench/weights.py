"""Where a system's network comes from: trained from nothing, a folder of the user's, or the Hub."""

from dataclasses import dataclass, field
from pathlib import Path

from core.bench.recipe import System
from core.errors import LetteraError
from core.learn.hub import folder_of
from core.learn.options import CRFSUITE
from core.learn.scratch import SCRATCH


@dataclass(slots=True)
class Weights:
    """`folder`: holds an encoder under each Hub id, as in `folder/google-bert/bert-base-cased`.

    The Hub is asked once for each name.
    """

    folder: Path | None = None
    _missing: dict[str, str] = field(default_factory=dict)

    def model(self, system: System) -> str:
        """What to give to training: a name of ours, a folder or a Hub id."""
        own = None if self.folder is None else self.folder / system.model
        return str(own) if own is not None and own.is_dir() else system.model

    def missing(self, system: System) -> str:
        """Why a system cannot run here, with the way out; empty where it can."""
        model = self.model(system)
        if model in SCRATCH or model == CRFSUITE or Path(model).is_dir():
            return ""
        if model not in self._missing:
            try:
                folder_of(model, ("config.json",), "")
                self._missing[model] = ""
            except LetteraError:
                self._missing[model] = (
                    f"no weights here: they come from https://huggingface.co/{model}; with no way "
                    f"to the Hub put them into DIR/{model} and give --weights DIR"
                )
        return self._missing[model]
