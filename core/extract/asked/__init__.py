"""Fields asked of a hosted model: of a whole letter (llm), or of what a tagger found (hybrid).

Both are the hosted labeller of `core.label` with a format of its own; what it brings back is
checked here against the words that it quotes.
"""

from typing import Any

from core.label.asking import Asking

FORMATS = {"llm": "fields", "hybrid": "hybrid"}
TEMPERATURE = 0.1  # the paper's, section 4.3; top-p is 1 everywhere
_PHRASES_A_CALL = 16


def asking(by: str, **more: Any) -> Asking:
    """How to ask in one of the two ways; `more` as for `Asking`."""
    settings: dict[str, Any] = {"format": FORMATS[by], "temperature": TEMPERATURE}
    if by == "hybrid":
        settings["batch"] = _PHRASES_A_CALL
    return Asking(**settings | more)
