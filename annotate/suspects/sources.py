"""Who speaks against the person. Three sources, one question: is this edit right?"""

from collections.abc import Iterable
from typing import Protocol

from annotate.suspects.marks import Edit
from annotate.suspects.reasons import Reason


class Source(Protocol):
    """Proposes edits of a phrase (by its number), and judges those of the others too."""

    def proposals(self, number: int) -> Iterable[Edit]: ...

    def favour(self, number: int, edit: Edit) -> float:
        """The logarithm of the odds that the edited reading is right against the person's, by this
        source alone; 0 where it has nothing to say."""
        ...

    def reason(self, number: int, edit: Edit) -> Reason | None:
        """What to tell a person, where the source favours the edit."""
        ...
