"""Why a letter could not be read, as one word that the page has a sentence for."""

import re

from core.errors import LetteraError, MissingExtra

FAULTS = {
    "none": "no text yet",
    "value": r": no \w+ that can be read",
    "locked": "password",
    "long": "too long",
    "empty": "empty|only blanks",
    "blank": "no text|no letter in it",
    "large": "too large|too big",
    "broken": "damaged|cut short|no pages|cannot be read \\(|picture cannot be read",
    "kind": "not a PDF|of this kind|not a text file",
}


def fault_of(error: Exception) -> str:
    """The word for an error. What nobody foresaw is `other`; its words stay here."""
    if isinstance(error, MissingExtra):
        return "recognition"
    if not isinstance(error, LetteraError):
        return "other"
    reason = str(error).split("; ")[0]  # what follows is the way out
    return next((word for word, sign in FAULTS.items() if re.search(sign, reason)), "other")
