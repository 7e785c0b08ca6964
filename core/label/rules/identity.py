"""Who the patient is: name, record number, telephone, age, sex and stay where they are said."""

import re
from collections.abc import Iterator, Sequence

from core.label.rules.date_columns import is_header
from core.label.rules.lexicon import Lexicon
from core.label.rules.names import Names
from core.label.rules.phones import begins_with_a_name, phones, undated
from core.label.rules.words import Line
from core.read.words.fold import fold
from core.read.words.shape import Shape
from core.read.words.spoken import WORDS
from core.read.words.spoken import digits as spoken_digits
from core.records import Phrase, Span, Value

Found = tuple[int, int, str, Value | None]

_RECORD = Shape(
    r"(?:\b(?:n(?:r|um|umero|ro|\.|°|º)?\.?\s?(?:di\s|della\s)?)?(?:cartel+a(?:\sclinica)?|fasc(?:icolo)?\.?(?=\s?n)|int(?:erno)?\.?(?=\s?\d{2}-)"
    r"|c\.?\s?c\.?(?![a-z])|cc(?=\s?n)|cart\.?(?:\s?cl(?:in)?\.?)?(?![a-z])|nosologico|nosol?\."
    r"|nosol\b|nosogr\w*"
    r"|episodio|progressivo|progr\.|identificativo|scheda(?=\s?(?:n\W|\d{2,4}))|epi(?:sodio)?\snum|patient\sid|mrn\b|ricovero(?=\s?n\W)"
    r"|\bid(?=\s?[:.]?\s?\d{5})|nosografico|sdo"
    r"|scheda nosologica|pratica|id ricovero|cod(?:\.|ice)?\s?(?:di\s)?ricovero|n(?:\."
    r"|°|umero)?\s?ricovero)"
    r"\s?(?:di ricovero\s)?(?:n\.?(?:r|um|umero|ro)?\s?[.°º]?)?\s?[:;#"
    r"|]?\s*(?:(?:da noi |qui )?(?:e|era|porta|reca|ha)\s(?:la\s|il\s)?(?:numero\s"
    r"|n\.?\s?)?)?[|]?\s*(?:n\.?\s?)?(?:[a-z]{1,4}\s?[-/.]\s?|[a-z]{1,3}(?=\d{4}"
    r"|\d{2,4}[/-]\d))?)"
    r"(\d{2,4}[-/][a-z]{2,4}[-/]\d{3,}|\d{1,6}\sbarra\s\d{2,6}|\d[\d./\- ]{1,15}\d)(?![\d])"
)
# Cartella numero venti barra trecento, ossia 20/300; il n. 1127 del registro delle cartelle.
_RECORD_SAID = Shape(
    r"\bcartella\b[^\d;.]{5,90}?(?:,|\bossia|\bcioe)\s(\d[\d./-]+\d)(?!\d)"
    r"|\bn(?:umero|\.)?\s?(\d{3,})\s(?:del |della |di )?(?:(?:nostro )?registro|cartella|nosolog)"
)
_DICTATED = Shape(
    r"\b(?:cartella(?: clinica)?|nosologico|numero di ricovero)\s?(?:e (?:la|il)\s|e\s)?"
    rf"(?:numero\s)?(?P<said>{WORDS})"
)
_FILE_COLUMN = Shape(r"\b(?:cartella|cart|nosologico|ricovero n|episodio)\b")
_NUMBER = re.compile(r"(?<![\w/.,-])(?:\d{2,4}[-/.])?\d{3,9}(?:[-/.]\d{2,8})?(?![\w/,]|[.-]\d)")
_FILE = re.compile(r"(?:n\w{0,5}[.°º]?\s?(?:di\s|della\s)?)?(?:cartel+a|nosologico|cart\b)")
_IS_YEAR = re.compile(r"(?:19|20)\d\d")
_AGE = (
    Shape(
        r"\b(?:di|d'|eta(?: di)?|eta\s?:|eta'?\s?:?|anni\s?:)\s?(?:anni\s|aa\s"
        r"|a\.\s)?(?P<age>\d{1,3})(?:\s?(?:anni|aa|a\.|aa\.)\b)?(?!\s?(?:mesi|giorni|gg|mg|cm"
        r"|mm|ml|ore|%|[/.,]\d))"
    ),
    Shape(r",\s?a\.\s?(?P<age>\d{2})\b(?!\s?(?:mg|[/.,]\d))"),
    Shape(r"\b(?:di anni|anni|aa\.?)\s(?P<age>\d{2,3})\b(?!\s?(?:mesi|giorni|mg|[/.]\d))"),
    Shape(
        r"(?:^|\b(?:paziente|pz|uomo|donna|maschio|femmina|soggetto"
        r"|sig\S*(?: \w+){0,2}))\s?,?\s?(?:di |\(|eta )?(?P<age>\d{2,3})\s?(?:anni"
        r"|aa\.?)\b(?!\s?fa)"
    ),
    Shape(r"\b(?P<age>\d{2,3})\s?-?\s?enne\b"),
    Shape(r"[/(,]\s?(?P<age>\d{2,3})\s?(?:aa|anni)\b(?!\s?(?:fa|prima))"),
)
_NOT_AGE = re.compile(
    r"\b(?:da|per|dopo|circa|entro|oltre|ultim\w+|fa|dall'eta|all'eta|a|stop|fino|padre"
    r"|madre|fratell\w+|sorell\w+|nonn\w+|figli\w*|zi[oa]|storia|durata"
    r"|esposizione)\b\W*(?:\w+\W+){0,3}$|\b(?:all|dall)'\s?$"
)
_SEX = Shape(
    r"\bsesso\s?[:|]?\s?[(\[]?(?P<sex>m(?:aschi(?:o|le))?|f(?:emmin(?:a|ile))?)\b"
    r"|(?<=[a-z] \()(?P<late>[mf])(?=\))|(?P<sign>[♀♂])"
)
_SEX_AGE = Shape(
    r"\b(?P<sex>uomo|donna|maschio|femmina)\b(?=,? (?:di|\d))|(?<=anni, )(?P<late>uomo"
    r"|donna|maschio|femmina)\b"
)
_ORDINALS = {
    w: n
    for n, w in enumerate(
        "prima seconda terza quarta quinta sesta settima ottava nona decima undicesima "
        "dodicesima tredicesima quattordicesima quindicesima".split(),
        1,
    )
}
_ROMANS = {"i": 1, "v": 5, "x": 10, "l": 50}
_STAY = (
    Shape(
        r"\b(?:degenza|durata della degenza|giorni di degenza"
        r"|giornate di degenza)(?: post-?\s?operatoria| complessiva| totale"
        r"| ospedaliera)?\s?(?:di|:|pari a|=|: ?gg|: ?giorni|\(gg\)"
        r"|\(giorni\))?\s?:?\s?(?P<stay>\d{1,3})\b(?!\W{1,3}(?:letto|stanza|piano)\b)"
        r"(?!\s?[-/.]\s?\d|[°º]|\s(?:al?|gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic)\w*\b)"
        r"(?:\s?(?:giorn\w+|gg))?"
    ),
    Shape(r"\b(?P<stay>\d{1,3})\s?(?:giorn[io]|gg|giornate) di degenza\b"),
    Shape(
        r"\bdimess[oa]\b[^;]{0,45}?(?:\bin |\()(?P<nth>\d{1,2}|[ivxl]+|\w+?a)[\^ª°]?\s?(?:giornata"
        r"|gpo|g\.p\.o|gg)"
    ),
)


_OF_FILE = Shape(r"\b(?:cartel|cart\b|c\.?\s?c\b|nosol|sdo\b)")


def of_the_file(phrases: Sequence[Phrase], spans: list[tuple[Span, ...]]) -> list[tuple[Span, ...]]:
    """The spans without numbers of forms and requests, where one of a record is told."""

    def own(phrase: Phrase, span: Span) -> bool:
        before = fold(phrase.text[max(0, span.start - 40) : span.start])
        return span.field != "n_cartella" or _OF_FILE.search(before) is not None

    pairs = list(zip(phrases, spans, strict=True))
    told = any(s.field == "n_cartella" and own(p, s) for p, found in pairs for s in found)
    return [tuple(s for s in found if own(p, s)) for p, found in pairs] if told else spans


class Identity:
    """Shapes of the patient block, and the given names that tell first name from surname."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._names = Names(lexicon)

    def found(self, line: Line) -> Iterator[Found]:
        """Start, end, field, value of everything said of who the patient is."""
        yield from self._records(line)
        yield from phones(line)
        yield from self._stay(line)
        yield from _sex(line)
        yield from _age(line)
        yield from self._names.found(line)

    def _records(self, line: Line) -> Iterator[Found]:
        said = _RECORD_SAID.search(line.folded)
        if said and said.lastindex:
            place = said.span(said.lastindex)
            yield *place, "n_cartella", "".join(c for c in line.text[slice(*place)] if c.isdigit())
            return
        if dictated := _DICTATED.search(line.folded):
            number = spoken_digits(dictated["said"])
            if len(number) >= 3:
                yield *dictated.span("said"), "n_cartella", number
                return
        if not line.has_figures:
            return
        for text, shift in _with_label(line):
            match = _RECORD.search(text)
            if match and match.start(1) >= shift:
                start, end = match.start(1) - shift, match.end(1) - shift
                quote = line.text[start:end]
                digits = "".join(c for c in quote if c.isdigit())
                told = (
                    _FILE.match(line.folded, match.start() - shift)
                    if match.start() >= shift
                    else None
                )
                if len(digits) >= (3 if told and not _IS_YEAR.fullmatch(digits) else 5):
                    yield start, end, "n_cartella", digits
                    return
        if begins_with_a_name(line) or is_header(line.before) and _FILE_COLUMN.search(line.before):
            yield from _unlabelled(line)

    def _stay(self, line: Line) -> Iterator[Found]:
        for shape in _STAY:
            match = shape.search(line.folded)
            if match is None:
                continue
            group = "stay" if "stay" in match.groupdict() else "nth"
            days = _ordinal(match[group])
            if days:
                yield match.start(group), match.end(group), "H_Stay_giorni", days
                return


def _unlabelled(line: Line) -> Iterator[Found]:
    """The number of a row that is no date and no telephone."""
    taken = [(start, end) for start, end, _, _ in phones(line)]
    for match in _NUMBER.finditer(undated(line)):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            number = re.sub(r"\D", "", match[0])
            yield *match.span(), "n_cartella", number
            return


def _with_label(line: Line) -> Iterator[tuple[str, int]]:
    yield line.folded, 0
    if line.before:
        yield f"{line.before} {line.folded}", len(line.before) + 1


def _ordinal(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    if text in _ORDINALS:
        return _ORDINALS[text]
    if not text or set(text) - set(_ROMANS):
        return None
    values = [_ROMANS[letter] for letter in text]
    return sum(
        -v if place + 1 < len(values) and values[place + 1] > v else v
        for place, v in enumerate(values)
    )


def _sex(line: Line) -> Iterator[Found]:
    match = _SEX.search(line.folded) or _SEX_AGE.search(line.folded)
    if match:
        group = match.lastgroup or "sex"
        male = match[group][0] in "mu♂"
        yield match.start(group), match.end(group), "Sesso", "M" if male else "F"


def _age(line: Line) -> Iterator[Found]:
    for shape in _AGE if line.has_figures else ():
        for match in shape.finditer(line.folded):
            start, end = match.span("age")
            left = line.folded[max(0, match.start() - 40) : match.start()]
            whole = line.folded[max(0, start - 15) : end + 6]
            said = re.search(r"anni|\baa\b|enne|eta\b|\ba\.", whole)
            if said and 1 <= int(match["age"]) <= 110 and not _NOT_AGE.search(left):
                if re.match(r"\s?(?:anni|aa)\s(?:fa|prima|or sono)", line.folded[end:]):
                    continue
                yield start, end, "età al momento dell'intervento", int(match["age"])
                return
