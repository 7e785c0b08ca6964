"""Where a training keeps what it has done so far, so that a kill costs an epoch and no more."""

import json
import shutil
from collections.abc import Iterable
from hashlib import blake2b, file_digest, sha256
from pathlib import Path

from core.errors import BadInput
from core.learn.places import restore
from core.learn.record import FILE, Record, read_record
from core.records import Annotation, Json

_SUMS = "sums.json"


def fingerprint(annotations: Iterable[Annotation], options: Json) -> str:
    """Tells one training from another: the same phrases, answers and options have the same mark."""
    digest = sha256(json.dumps(options).encode())
    for annotation in annotations:
        said = [annotation.phrase.section, annotation.origin, annotation.source]
        spans = [[s.start, s.end, s.label, s.state, s.value] for s in annotation.spans]
        digest.update(
            json.dumps([annotation.phrase.id, annotation.phrase.text, said, spans]).encode()
        )
    return digest.hexdigest()


def made_before(out: Path, mark: str) -> Record | None:
    """The record of `out` where it is the outcome of this very training."""
    restore(out)
    refuse_other(out)
    record = read_record(out) if (out / FILE).is_file() else None
    return record if record is not None and record.fingerprint == mark else None


def refuse_other(out: Path) -> None:
    """Raises BadInput where something stands at `out` that is not a model."""
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and not (out / FILE).is_file():
        raise BadInput(f"{out}: exists and is not a model; choose another folder with -o")


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


def seal(checkpoint: Path) -> None:
    """Notes the sum of each file of a checkpoint that is complete. Where several processes train,
    each writes the state of its own dice; those of others may not be whole yet."""
    files = [path for path in checkpoint.iterdir() if path.name != _SUMS]
    sums = {path.name: _sum(path) for path in files if not path.match("rng_state_*")}
    (checkpoint / _SUMS).write_text(json.dumps(sums))


def last_checkpoint(work: Path) -> Path | None:
    """The newest checkpoint to go on from: it and the best one before it are as they were sealed.
    What a kill cut short or a disk spoiled is removed."""
    whole: list[Path] = []
    for folder in work.glob("checkpoint-*"):
        if _sealed(folder):
            whole.append(folder)
        else:
            shutil.rmtree(folder)
    names = {folder.name for folder in whole}
    usable = [folder for folder in whole if (best := best_of(folder)) is None or best in names]
    return max(usable, key=lambda folder: int(folder.name.partition("-")[2]), default=None)


def state_of(checkpoint: Path) -> Json:
    """What the trainer noted of a checkpoint."""
    state: Json = json.loads((checkpoint / "trainer_state.json").read_bytes())
    return state


def best_of(checkpoint: Path) -> str | None:
    """The name of the best checkpoint up to this one."""
    path = state_of(checkpoint)["best_model_checkpoint"]
    return None if path is None else Path(path).name


def _sealed(checkpoint: Path) -> bool:
    try:
        sums = json.loads((checkpoint / _SUMS).read_bytes())
        return all(_sum(checkpoint / name) == known for name, known in sums.items())
    except (OSError, ValueError):
        return False


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
