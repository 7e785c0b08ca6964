"""A letter -> its phrases: one a line, blank ones skipped."""

from bisect import bisect_right

from core.records import Letter, Phrase, Section, phrase_ids


def phrases(letter: Letter) -> list[Phrase]:
    """The phrases in order; `phrase.text == letter.text[start:end]`, outer blanks left out."""
    places = []
    at = 0
    for line in letter.text.split("\n"):
        text = line.strip()
        if text:
            start = at + line.index(text)
            places.append((start, start + len(text), text))
        at += len(line) + 1
    ids = phrase_ids(letter.id, (text for _, _, text in places))
    sections = sorted(letter.sections, key=lambda section: section.start)
    begins = [section.start for section in sections]
    return [
        Phrase(key, letter.id, start, end, text, _section(sections, begins, start, end))
        for key, (start, end, text) in zip(ids, places, strict=True)
    ]


def _section(sections: list[Section], begins: list[int], start: int, end: int) -> str | None:
    """The section a phrase stands in; one whose heading is on the same line counts too."""
    number = bisect_right(begins, end - 1) - 1
    if number < 0 or sections[number].end <= start:
        return None
    return sections[number].name
