"""The model that answers: the newest one on the disk, exchanged between two requests."""

import threading
from collections.abc import Iterable
from pathlib import Path

from core.errors import LetteraError
from core.label import LABELLERS, Labeller
from core.learn.record import FILE
from core.learn.tagger import Tagger
from core.records import Annotation, Phrase

RULES = "rules"
Stamp = tuple[tuple[int, int, int], ...]


class Newest:
    """A labeller by name (`rules`, a folder, a Hub id), until a newer model comes to `folder`.

    What stands in the folder at the beginning is left alone, unless it is the model asked for.
    """

    def __init__(self, model: str, folder: Path) -> None:
        self.folder = folder
        self._seen = _stamp(self.folder)
        self.labeller: Labeller = _load(model)
        self.spoilt: str | None = None  # why the newest model on the disk does not answer
        self._loading, self._busy = threading.Lock(), threading.Lock()

    @property
    def source(self) -> str:
        return self.labeller.source

    def label(self, labeller: Labeller, phrases: Iterable[Phrase]) -> list[Annotation]:
        """What one labeller says: one request at a time, as neither spaCy nor tokenizers promise
        to be used by two."""
        with self._busy:
            return list(labeller.label(phrases))

    def refresh(self) -> bool:
        """Takes the model that came to the folder since the last look; says whether one came.

        One that cannot be loaded is `spoilt`, and the old one stays. One that is being exchanged
        at this moment is looked at again the next time.
        """
        with self._loading:
            stamp = _stamp(self.folder)
            if stamp is None or stamp == self._seen:
                return False
            tagger, reason = None, None
            try:
                tagger = Tagger.load(self.folder)
            except LetteraError as error:
                reason = str(error)
            except Exception as error:  # a damaged record or tokenizer can raise anything
                reason = f"{self.folder}: the model cannot be loaded ({type(error).__name__})"
            if _stamp(self.folder) != stamp:
                return False
            self._seen, self.spoilt = stamp, reason
            self.labeller = tagger or self.labeller
            return True


def _load(model: str) -> Labeller:
    if model == RULES:
        rules: Labeller = LABELLERS.get(RULES)()
        return rules
    return Tagger.load(model)


def _stamp(folder: Path) -> Stamp | None:
    """What tells one model on the disk from the next; None while there is none."""
    try:
        (folder / FILE).stat()
        files = [path.stat() for path in sorted(folder.iterdir())]
    except OSError:
        return None
    return tuple((file.st_ino, file.st_mtime_ns, file.st_size) for file in files)
