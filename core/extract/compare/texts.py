"""The paper's section 5.1.1: text fields as points, their centroids compared, all drawn in a plane.

The encoder is a folder with a transformer of the user's (mean of the last layer over the words), or
where none is given TF-IDF over words, which needs nothing and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, MissingExtra
from core.extract.compare.source import System
from core.schema import Schema

TFIDF = "TF-IDF"
_POINTS = 1500  # drawn at most: t-SNE slows down with their square
_FEWEST = 5
_TOKENS = 256
_BATCH = 16
_PLANE = 50  # dimensions before t-SNE, as its author advises (van der Maaten and Hinton 2008)
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Cosine between two systems' centroids of one field; None where one has no such value."""

    one: str
    other: str
    field: str
    cosine: float | None


@dataclass(slots=True)
class Cloud:
    """Where each text lies in the plane. `told`: how many of all there are were drawn."""

    systems: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    places: Numbers = field(default_factory=lambda: np.zeros((0, 2)))
    of: int = 0


@dataclass(frozen=True, slots=True)
class Texts:
    """What the text fields of several systems have in common."""

    encoder: str
    likeness: list[Likeness]
    cloud: Cloud


def compare_texts(
    systems: Sequence[System],
    letters: Sequence[str],
    schema: Schema,
    encoder: Path | None,
    seed: int = 0,
) -> Texts:
    """Table 2 and Fig. 7. Raises BadInput for a folder that holds no encoder."""
    rows = [
        (system.name, name, str(said.value))
        for system in systems
        for letter in letters
        for name, said in system.documents[letter].fields.items()
        if said.field is not None and said.field.type == "text" and said.value is not None
    ]
    texts = sorted({text for _, _, text in rows})
    how = TFIDF if encoder is None else encoder.name
    if not texts:
        return Texts(how, [], Cloud())
    vectors = _tfidf(texts) if encoder is None else _encoded(texts, encoder)
    number = {text: n for n, text in enumerate(texts)}
    index = np.array([number[text] for _, _, text in rows])
    likeness = list(_likeness(rows, index, vectors, systems, schema))
    return Texts(how, likeness, _cloud(rows, index, vectors, seed))


def _likeness(
    rows: list[tuple[str, str, str]],
    index: NDArray[np.int64],
    vectors: Any,
    systems: Sequence[System],
    schema: Schema,
) -> list[Likeness]:
    chosen: dict[tuple[str, str], list[int]] = {}
    for at, (system, name, _) in zip(index, rows, strict=True):
        chosen.setdefault((system, name), []).append(int(at))
    centres = {key: _centre(vectors[members]) for key, members in chosen.items()}
    names = [n for n, f in schema.fields.items() if f.type == "text"]
    return [
        Likeness(a.name, b.name, n, _cosine(centres.get((a.name, n)), centres.get((b.name, n))))
        for n in names
        for a, b in combinations(systems, 2)
        if (a.name, n) in centres or (b.name, n) in centres
    ]


def _centre(rows: Any) -> Numbers:
    centre: Numbers = np.asarray(rows.mean(axis=0), dtype=np.float64).ravel()
    return centre


def _cosine(one: Numbers | None, other: Numbers | None) -> float | None:
    if one is None or other is None:
        return None
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return min(float(one @ other) / length, 1.0) if length else None


def _cloud(
    rows: list[tuple[str, str, str]], index: NDArray[np.int64], vectors: Any, seed: int
) -> Cloud:
    """t-SNE of all texts. Equal texts of two systems are two points that lie on one another."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    few = np.sort(rng.permutation(len(rows))[:_POINTS])
    kept, inverse = np.unique(index[few], return_inverse=True)
    if len(kept) < _FEWEST:
        return Cloud(of=len(rows))
    points = vectors[kept]
    if points.shape[1] > _PLANE and len(kept) > _PLANE:
        points = TruncatedSVD(_PLANE, random_state=seed).fit_transform(points)
    else:
        points = points.toarray() if hasattr(points, "toarray") else np.asarray(points)
    near = max(2.0, min(30.0, (len(kept) - 1) / 3))
    # Its threads wait by spinning: on a busy machine several are slower than one.
    with threadpool_limits(1):
        plane = TSNE(2, perplexity=near, init="random", random_state=seed).fit_transform(points)
    return Cloud([rows[n][0] for n in few], [rows[n][1] for n in few], plane[inverse], len(rows))


def _tfidf(texts: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Numbers and single letters are words too: a telephone number is one.
    return TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]").fit_transform(texts)


def _encoded(texts: Sequence[str], folder: Path) -> Numbers:
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ModuleNotFoundError as error:
        raise MissingExtra(f"an encoder needs {error.name}: pip install '.[train]'") from error
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give one with a transformer, or leave it out")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{folder}: no encoder in it ({type(error).__name__})") from None
    rows = []
    with torch.inference_mode():
        for at in range(0, len(texts), _BATCH):
            lot = list(texts[at : at + _BATCH])
            tokens = tokenizer(
                lot, padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt"
            )
            hidden = network(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1)
            rows.append(((hidden * mask).sum(1) / mask.sum(1)).double().numpy())
    return np.concatenate(rows)
