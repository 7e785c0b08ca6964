"""Strengths told in words, as dictation leaves them: venticinque milligrammi, lasix cinquanta."""

import re

from core.read.words.dates import NUMBERS

_HUNDREDS = r"(?P<hundred>(?:due|tre|quattro|cinque)?cento)?"
_UNIT = r"\s?milligramm[oi](?P<half>\s+e\s+mezzo)?\b"
_WITH_UNIT = re.compile(rf"\b{_HUNDREDS}(?P<rest>[a-z]+?)?{_UNIT}", re.IGNORECASE)
_NAKED = re.compile(  # of furosemide's tablets, first behind the name
    rf"^(?P<lead>\W*(?:(?:lasix|furosemide)\W+)?(?:da\s)?){_HUNDREDS}"
    r"(?P<rest>venticinque|cinquanta|settantacinque)?(?=[\s,;.]|$)",
    re.IGNORECASE,
)


def in_figures(dose: str) -> str:
    """A dose with its milligrams in figures."""
    dose = _WITH_UNIT.sub(lambda spoken: _figure(spoken, bool(spoken["half"])), dose)
    return _NAKED.sub(lambda spoken: spoken["lead"] + _figure(spoken, False, spoken["lead"]), dose)


def _figure(spoken: re.Match[str], half: bool, lead: str = "") -> str:
    hundred, rest = (spoken["hundred"] or "").lower(), (spoken["rest"] or "").lower()
    if rest and rest not in NUMBERS or not (hundred or rest):
        return spoken[0].removeprefix(lead)
    hundreds = NUMBERS.get(hundred.removesuffix("cento"), 1) * 100 if hundred else 0
    return f"{hundreds + NUMBERS.get(rest, 0) + (0.5 if half else 0):g} mg"
