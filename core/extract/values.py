"""A quote of the letter -> the value of its field, in the field's type."""

import re
from dataclasses import dataclass
from datetime import date

from core.extract.dates import read_date, read_year
from core.extract.doses import mg_a_day
from core.extract.words import code_words, words
from core.read.words.slips import mended
from core.records import State, Value
from core.schema import Field

_SLIPS = str.maketrans("OoQlI|", "000111")
PARTICLES = ("de", "di", "da", "del", "della", "dello", "dal", "dalla", "lo", "la", "li", "d'")
_ORDINALS = {"prima": "I", "seconda": "II", "terza": "III", "quarta": "IV"}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


@dataclass(frozen=True, slots=True)
class Context:
    """What a quote alone does not say: a day of the same stay, and the text that follows it."""

    near: date | None = None
    after: str = ""


def read_value(field: Field, quote: str, context: Context = Context()) -> Value | None:
    """The value that a quote gives a field, or None. Booleans: see `read_state`."""
    if field.type == "boolean":
        return None
    if field.type == "date":
        birth = field.name == "data_di_nascita"
        day = read_date(quote, context.near, birth=birth, after=context.after)
        return None if day is None else day.isoformat()
    if field.type == "year":
        return read_year(quote, context.near)
    if field.type == "digits":
        return read_digits(quote)
    if field.type == "code":
        return read_code(field, quote)
    if field.type == "number":
        return whole(mg_a_day(quote) if field.name == "lasix_dosaggio" else read_number(quote))
    if field.name == "numero di telefono":
        return read_phone(quote)
    return read_text(_name(quote) if field.name in ("nome", "cognome") else quote)


def _name(quote: str) -> str:
    """ROSARlO -> ROSARIO: a name holds no digit and, in capitals, no stroke."""
    plain = mended(quote)
    return plain.upper() if quote.replace("l", "I").isupper() else plain


def read_state(field: Field, state: State | None, code: Value | None) -> Value | None:
    """The value that a span's state alone decides: true, false, code 0, or none.

    A disease in the family says something only of `familiarita_cardiovascolare`; a negated habit
    or arrhythmia is its code 0 ("mai").
    """
    family = field.name == "familiarita_cardiovascolare"
    if state == "uncertain" or (state == "family" and not family):
        return None
    if field.type == "boolean":
        return code if isinstance(code, bool) and state != "negated" else state != "negated"
    if state == "negated":
        return 0 if field.codes.get(0) == "mai" else None
    return code


def typed(field: Field, value: Value) -> Value | None:
    """A value that somebody wrote, in the field's type; None where it has no meaning there."""
    if field.type == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if field.type == "code":
        known = {str(code).upper(): code for code in field.codes}
        return known.get(str(value).strip().upper()) if value is not True else None
    if field.type == "number":
        number = value if isinstance(value, int | float) else read_number(value)
        return None if isinstance(value, bool) else whole(number)
    return read_value(field, str(value))


def read_code(field: Field, quote: str) -> int | str | None:
    """The code that the words of a quote give a field; the meaning of a code counts as its word."""
    if field.name == "classe_nyha":
        return read_nyha(quote)
    if field.name in ("ritmo_all_ingresso", "Ritmo_alla_dimissione"):
        return read_rhythm(quote)
    for said, code, unless in code_words(field.name):
        if said.search(quote) and not (unless and unless.search(quote)):
            return code
    meanings = {meaning.casefold(): code for code, meaning in field.codes.items()}
    return meanings.get(quote.strip().casefold())


def read_nyha(quote: str) -> int | None:
    """1 to 4; of "II-III" or "2/3" the higher. OCR's "ll" and "lII" are Roman too."""
    rest = re.sub(r"n\.?y\.?h\.?a\.?|classe|funzionale|score|cl\.", " ", quote, flags=re.IGNORECASE)
    rest = re.sub(
        r"\b(?:prima|seconda|terza|quarta)\b",
        lambda m: _ORDINALS[m[0].lower()],
        rest,
        flags=re.IGNORECASE,
    )
    classes = []
    for word in re.findall(r"(?<![A-Za-z0-9])[IVl|1-4]+(?=[abAB]?(?![A-Za-z0-9]))", rest):
        strokes = re.sub(r"[l|]|1(?=.)|(?<=.)1", "i", word).lower()
        classes.append(_ROMAN.get(strokes) or (int(word) if word in "1234" else 0))
    return max(classes, default=0) or None


def read_rhythm(quote: str) -> int | None:
    """0 sinus, 1 fibrillation, 2 other: the first one named, unless restored or paced."""
    for name, code in (("restored", 0), ("paced", 2)):
        if words("rhythm", name).search(quote):
            return code
    kinds = ((0, "sinus"), (1, "fibrillation"), (2, "other"))
    found = ((words("rhythm", name).search(quote), code) for code, name in kinds)
    places = [(match.start(), code) for match, code in found if match]
    return min(places)[1] if places else None


def read_digits(quote: str) -> str | None:
    """A record number: its digits, separators and OCR slips between digits left out."""
    written = quote.replace(" barra ", "/")  # as dictated
    runs = re.findall(r"[\dOoQlI|][\dOoQlI|\s./-]*", written)
    runs = [run for run in runs if re.search(r"\d", run)]
    digits = re.sub(r"\D", "", max(runs, key=len, default="").translate(_SLIPS))
    return digits or None


def read_phone(quote: str) -> str | None:
    """The first number of a quote, blanks and strokes left out, a leading + kept."""
    for run in re.findall(r"(?<![A-Za-z])\+?\s?[\dO][\dOolI|\s./()-]{4,}", quote):
        for number in _split_numbers(run):
            digits = re.sub(r"\D", "", number.translate(_SLIPS))
            if len(digits) >= 6:
                return f"+{digits}" if number.lstrip().startswith("+") else digits
    return None


def _split_numbers(run: str) -> list[str]:
    """ "333 1234567 / 02 7654321" are two numbers, "02/7654321" is one."""
    return re.split(r"\s+[/-]+\s+|\s{3,}", run) if len(re.sub(r"\D", "", run)) > 12 else [run]


def read_number(quote: str) -> float | None:
    """The first number of a quote, decimal comma or point."""
    match = re.search(r"\d+(?:[.,]\d+)?", quote)
    return float(match[0].replace(",", ".")) if match else None


def read_text(quote: str) -> str | None:
    """White space collapsed, marks of emphasis and loose punctuation at the ends left out."""
    text = " ".join(re.sub(r"\*\*|__", "", quote).split()).strip(" .,;:")
    return text or None


def whole(number: float | None) -> int | float | None:
    """50.0 -> 50."""
    return int(number) if number is not None and number == int(number) else number


def split_name(quote: str, certain: bool = False) -> tuple[str, str] | None:
    """COGNOME NOME -> (nome, cognome): capitals are the family name, else the first words are.

    With `certain` only where capitals tell them apart: "Anna Maria" may be one given name.
    """
    title = r"^(?:sig\.?(?:ra|na)?|signor[ae]?)\.?\s+"
    parts = re.sub(title, "", quote.strip(), flags=re.IGNORECASE).split()
    shouted = [part for part in parts if part.isupper() and len(part) > 1]
    if shouted and len(shouted) < len(parts):
        spoken = (part for part in parts if part not in shouted)
        return " ".join(spoken), " ".join(shouted)
    first = 2 if parts and parts[0].lower() in PARTICLES else 1
    if certain or len(parts) <= first:
        return None
    return " ".join(parts[first:]), " ".join(parts[:first])
