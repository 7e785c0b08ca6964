"""The order a person chose for a project's queue: what puts it in order again keeps to it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from annotate.queue.order import Order, as_order
from core.errors import BadInput
from core.files import write_json
from core.records import Json

_FILE = "queues.json"


@dataclass(frozen=True, slots=True)
class Chosen:
    """`seed` is that of the random order."""

    how: Order = "teach"
    seed: int = 0


def chosen(workspace: Path, project: str) -> Chosen:
    """What was chosen last, else the default. Raises BadInput where the file is broken."""
    raw = _read(workspace).get(project)
    return Chosen(as_order(raw["how"]), int(raw["seed"])) if raw else Chosen()


def choose(workspace: Path, project: str, order: Chosen) -> None:
    """Remembers an order for a project, by its title."""
    known = _read(workspace) | {project: asdict(order)}
    write_json(workspace / _FILE, known)


def _read(workspace: Path) -> Json:
    path = workspace / _FILE
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
    except (ValueError, OSError) as error:
        raise BadInput(f"{path}: cannot be read; delete it, then lettera queue again") from error
