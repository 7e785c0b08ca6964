"""The months as Italian letters write them: by name, and in Roman figures."""

MONTHS = (
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
).split()
STEMS = [name[:3] for name in MONTHS]
"""The first letters, which tell the months apart and are their usual abbreviations."""
ROMAN = "i ii iii iv v vi vii viii ix x xi xii".split()


def month(name: str) -> int:
    """The number of a month by its name or an abbreviation of three letters and more; no other
    word may be given."""
    return STEMS.index(name[:3].lower()) + 1
