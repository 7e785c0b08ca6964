"""Models of python-crfsuite in one file, with the words that they may know."""

import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pycrfsuite

from core.learn.engines import unfit

_WORDS = "words.json"


def pack(path: Path, models: Mapping[str, bytes], known: Collection[str]) -> None:
    """Writes models by name and the words that they may know: the same file for the same."""
    told = json.dumps(sorted(known), ensure_ascii=False).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {**models, _WORDS: told}.items():
            # A fresh entry bears the time of 1980, not that of now.
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 6)


def unpack(path: Path, names: Sequence[str]) -> tuple[list["Model"], frozenset[str]]:
    """The models of these names, and the words. Raises BadInput where one is missing or broken."""
    try:
        with zipfile.ZipFile(path) as file:
            known = frozenset(json.loads(file.read(_WORDS)))
            return [Model(file.read(name)) for name in names], known
    except FileNotFoundError as error:
        raise unfit(path.parent, f"{path.name} is not there") from error
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise unfit(path.parent, type(error).__name__) from error


class Model:
    """A model and its bytes: the library reads on in these and does not keep them itself."""

    def __init__(self, content: bytes) -> None:
        # It checks no more than the first bytes; what is torn behind them would crash the process.
        if len(content) < 8 or int.from_bytes(content[4:8], "little") != len(content):
            raise ValueError("not a whole model")
        self._content = content
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(content)
        self.labels: tuple[str, ...] = tuple(self._tagger.labels())

    def chain(
        self, features: Sequence[Sequence[str]], labels: Sequence[str]
    ) -> list[tuple[float, ...]]:
        """The probability of each of the labels at each place. One that the model never saw has
        none: the library fails when it is asked for it."""
        self._tagger.set(features)
        likely, places = self._tagger.marginal, range(len(features))
        columns = [
            [likely(label, i) for i in places] if label in self.labels else [0.0] * len(features)
            for label in labels
        ]
        return list(zip(*columns, strict=True))

    def best(self, features: Sequence[str]) -> tuple[str, float]:
        """The likeliest label of a chain of one, and its probability."""
        (label,) = self._tagger.tag([features])
        return label, self._tagger.marginal(label, 0)

    def shares(self, features: Sequence[str], labels: Sequence[str]) -> list[float]:
        """The probability of each of some labels of a chain of one, if it is one of them."""
        (row,) = self.chain([features], labels)
        total = sum(row) or 1.0
        return [likely / total for likely in row]
