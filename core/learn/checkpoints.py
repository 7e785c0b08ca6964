"""Where a training keeps what it has done so far, so that a kill costs an epoch and no more."""

import json
import os
import shutil
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from core.errors import BadInput
from core.learn.export import old_of
from core.learn.record import FILE, Record, read_record
from core.records import Annotation, Json


def fingerprint(annotations: Iterable[Annotation], options: Json) -> str:
    """Tells one training from another: the same phrases, answers and options have the same mark."""
    digest = sha256(json.dumps(options).encode())
    for annotation in annotations:
        said = [annotation.phrase.section, annotation.origin, annotation.source]
        spans = [[s.start, s.end, s.label] for s in annotation.spans]
        digest.update(
            json.dumps([annotation.phrase.id, annotation.phrase.text, said, spans]).encode()
        )
    return digest.hexdigest()


def made_before(out: Path, mark: str) -> Record | None:
    """The record of `out` where it is the outcome of this very training."""
    old = old_of(out)
    if old.is_dir() and not out.exists():
        os.replace(old, out)  # a kill came between the two steps of putting a new model in place
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / FILE).is_file():
        raise BadInput(f"{out}: exists and is not a model; choose another folder with -o")
    record = read_record(out)
    return record if record.fingerprint == mark else None


def workplace(out: Path, mark: str) -> Path:
    """The folder of the checkpoints, beside `out`; those of another training are thrown away."""
    work = out.absolute().with_name(f".{out.absolute().name}.training")
    note = work / "fingerprint"
    try:
        if not note.is_file() or note.read_text() != mark:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700, parents=True)
            note.write_text(mark)
    except OSError as error:
        raise BadInput(f"{work}: cannot be written ({error.strerror})") from error
    return work


def last_checkpoint(work: Path) -> Path | None:
    """The newest whole checkpoint; one that a kill cut short (its state comes last) is removed."""
    whole = []
    for folder in work.glob("checkpoint-*"):
        if state_of(folder):
            whole.append(folder)
        else:
            shutil.rmtree(folder)
    return max(whole, key=lambda folder: int(folder.name.partition("-")[2]), default=None)


def state_of(checkpoint: Path) -> Json:
    try:
        state: Json = json.loads((checkpoint / "trainer_state.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return state
