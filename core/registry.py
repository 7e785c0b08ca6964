"""Names to classes: a table of `"module:Class"` strings, imported on first use."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from core.errors import MissingExtra, UnknownName


class Registry:
    """One kind of plug-in by name.

    `extras` says, for a name, how to install what it needs when its import fails.
    """

    def __init__(
        self, kind: str, table: Mapping[str, str], extras: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.table = dict(table)
        self.extras = dict(extras or {})

    def __iter__(self) -> Any:
        return iter(self.table)

    def get(self, name: str) -> Any:
        """The class behind a name. Raises UnknownName or MissingExtra."""
        if name not in self.table:
            raise UnknownName(
                f"no {self.kind} named '{name}'; choose one of: {', '.join(self.table)}"
            )
        module, _, attribute = self.table[name].partition(":")
        try:
            return getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if name not in self.extras:
                raise
            raise MissingExtra(
                f"{self.kind} '{name}' needs {error.name}: {self.extras[name]}"
            ) from error
