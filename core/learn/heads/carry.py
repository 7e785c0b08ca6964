"""What the head of a model that was trained before knows of tags that the next one has too."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from core.learn.heads.headed import Headed
from core.learn.record import WEIGHTS


def take_over(network: Headed, tags: Sequence[str], folder: Path) -> None:
    """Gives a new head what the folder's own head knew of the same tags."""
    path = folder / WEIGHTS
    if not path.is_file():
        return
    told = raw_config(folder).get("id2label", {})
    old = [name for _, name in sorted(told.items(), key=lambda row: int(row[0]))]
    state = load_file(path)
    _carry(network.classifier, "classifier", state, old, tags)


def _carry(
    layer: Any, name: str, state: dict[str, Tensor], old: Sequence[str], new: Sequence[str]
) -> None:
    """Copies rows by the names that both know; of the steps of a CRF rows and columns."""
    known = [word for word in new if word in old]
    here = torch.tensor([new.index(word) for word in known], dtype=torch.long)
    there = torch.tensor([old.index(word) for word in known], dtype=torch.long)
    for part, own in layer.state_dict().items():
        found = state.get(f"{name}.{part}")
        if found is None or len(found) != len(old) or found.shape[2:] != own.shape[2:]:
            continue
        if part == "steps":
            own[here[:, None], here] = found[there[:, None], there]
        elif found.shape[1:] == own.shape[1:]:
            own[here] = found[there]


def raw_config(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found
