"""What a place of a line comes to, as all rules of the history and the course tell it."""

from core.records import State, Value

Outcome = tuple[int, int, str, State, Value | None, dict[str, bool]]
"""Start, end, field, state, value, and what else is known of it."""


def trimmed(text: str, start: int, end: int) -> int:
    """The end of a stretch without the blanks and stops behind it."""
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;:.-"):
        end -= 1
    return end


def truth(state: State) -> bool | None:
    """The value of a Boolean field in a state; none where the state leaves it open."""
    return {"present": True, "negated": False}.get(state)
