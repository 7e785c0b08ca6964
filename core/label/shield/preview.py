"""What would be sent of a letter, and the way back, for a person to look at."""

from collections.abc import Sequence

from core.label.shield.shield import Shield
from core.records import Json, Phrase
from core.schema import default_schema


def preview(phrases: Sequence[Phrase], shield: Shield) -> tuple[list[Json], Json]:
    """The phrases of a letter as they would be sent, and the map of what stands for what.

    The map holds the patient's own words: it is not to be shown with the phrases.
    """
    sent: list[Json] = []
    stand_ins: list[Json] = []
    for phrase in phrases:
        hidden = shield.hide(phrase)
        # A heading as somebody wrote it may hold a name; a section's field name cannot.
        known = phrase.section in default_schema().fields
        section: Json = {"section": phrase.section} if known else {}
        sent.append({"id": phrase.id, **section, "text": hidden.text})
        stand_ins += (
            {
                "phrase": phrase.id,
                "start": edit.start,
                "end": edit.end,
                "original": phrase.text[edit.start : edit.end],
                "stand_in": hidden.text[edit.new_start : edit.new_end],
                "kind": edit.kind,
            }
            for edit in hidden.edits
        )
    return sent, {"letter": phrases[0].letter if phrases else "", "stand_ins": stand_ins}
