"""The patient's name in a line: where it stands, which of its words are the surname."""

import re
from collections.abc import Iterable, Iterator

from core.label.rules.lexicon import Lexicon
from core.label.rules.words import Line, function_words
from core.read.words.fold import fold
from core.read.words.shape import Shape
from core.records import Span

Name = tuple[int, int, str, str]

_TITLE = (
    r"(?:(?:gent(?:ile|\.?mo|\.?ma|il\.?m[oa])?|egr(?:egio)?|preg\.?m[oa])\.?\s)?"
    r"(?:sig(?:\.?\s?(?:ra|na|r)\b|nora|norina|nore?|\.)?\.?(?:\s?/\s?(?:sig\.?)?ra)?)"
)
_CALLED = Shape(
    rf"\b(?:{_TITLE}|(?:il |la |del |della )?(?:paziente|paz|pz|assistit[oa]|utente|nominativo"
    rf"|degente|inferm[oa]|malat[oa]|ospite(?=\s?:)|generalita|anagrafica|oggetto(?=\s?:)|intestatari[oa])\.?"
    r"|dimettiamo(?: oggi)?|^\W*p(?=\s?:)|cognome e nome|nome e cognome"
    r"|cognome\s?[/,-]\s?nome|nome\s?[/,-]\s?cognome)"
    rf"\s?[:|]?\s+(?:\d{{5,12}}\s+)?(?:{_TITLE}\s+)?"
    r"(?:(?:ing|avv|rag|geom|arch|cav|comm|dott|dr|prof|ins|rev)\.(?:\s?ssa)?\s+|(?:don|suor"
    r"|fra)\s+)?"
)
_SURNAME = Shape(
    r"(?<!nome e )(?<!nome ed )(?<!nome/)(?<!nome / )(?<!nome, )(?<!nome - )"
    r"\bcogn(?:ome|\.)\s?(?:\([a-z ]{3,20}\)\s?)?[:|]?\s+(?!e\s+nome|/|nome\b)"
)
_GIVEN = Shape(
    r"(?<!e )(?<!/)(?<!/ )\bnome\s?[:|]?\s+(?!e\s+cognome|/|del\b|commerciale"
    r"|cognome\b)"
)
_BORN = re.compile(
    r"\s*[,;-]?\s*\(?(?:nat[oa]\b|n\.\s?(?:il|ad?\s|\d)|d[ie] an+i|cartella|[mf]\)|[mf]\.\s?\d"
    r"|classe (?:19|')|sesso\b|[mf]\s?[,;/|]|[mf]\s\d{1,2}[./-]"
    r"|(?:maschio|femmina|uomo|donna)\b|\d{1,3}\s?(?:anni|aa)\b|c\.?\s?f\.?\b"
    r"|cod\w*\.? fisc|\([mf]\)|tel\b)"
    r"|\s*(?:[,(–/-]|\s)\s*\d{1,2}[./-]\d{1,2}[./-](?:19\d\d|200\d|[3-9]\d)\b|\s+(?:ddn|d\.d\.n|d\.n)\b"
)
_TOLD_SURNAME = Shape(r"(?:\bcognome\s?:?\s|(?P<told>[a-z' -]{2,40}?)\s(?:e il|di|come) cognome\b)")
_BORN_HERE = Shape(r"\s?[,(]?\s?(?:e'?\s)?\bnat[oa]\b")
_BORN_BELOW = re.compile(
    rf"{_BORN_HERE.pattern}|\d{{1,2}}[./-]\d{{1,2}}[./-](?:19\d\d|200\d|[3-9]\d)\b"
)
_ENDS_IN_NAME = re.compile(r"(?:[^\W\d_][\w'’-]*\s){1,4}[^\W\d_][\w'’-]*$")
_NEAR = 150  # characters before a birth in which the name stands
_QUIET = re.compile(
    r"\s*(?P<name>[a-zà-ù']{2,}(?: [a-zà-ù']{2,}){1,3})\s*,?\s*(?:[mf]\s*,?\s*)?"
    r"(?:n\.?\s?(?:il\s)?(?=\d)"
    r"|nat[oa]\b|ddn\b)"
)
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*(?:-[^\W\d_]+)?['’]?")
_LABEL = re.compile(r"\s?:")
_LEAD = " \t\u00a0•◆◇■□▪▫●○*·-–—>▶►➤|"
_SURNAME_END = re.compile(
    r"(?:[^v]i|ese|[aiu]to|aro|ezza|etta|otto|otta|ucci?o|accio|one|[bcdfglmnprstvz]u|an|in|on|er)$"
)
_PARTICLES = frozenset(
    "de di da del della dello dei degli dal dalla d' lo la li le el van von der den ter dos "
    "dalle dalli dall' san santa mac al ben abd".split()
)
_DOCTOR = Shape(
    r"(?:\b(?:dott(?:\.|ssa|or|oressa)?|dr(?:\.|ssa)?|prof(?:\.|ssa)?|medico|direttore"
    r"|chirurg\w+|primario|collega|operator\w*|anestesista|cardiologo|curante)\b)[^,;:\n]{0,30}$"
)
_PATIENT_OF = Shape(r"\bcurante (?:del|della|dell')\s?$")
_BEHIND = Shape(
    r"(?P<one>[^\W\d_][\w' -]{1,40}?)\s?\((?P<first>cognome|nome)\)\s*,?\s*"
    r"(?P<other>[^\W\d_][\w' -]{1,40}?)\s?\((?:cognome|nome)\)"
)
_KIN = Shape(
    r"\b(?:figli[oa]|moglie|marito|coniuge|fratello|sorella|madre|padre|nipote|badante"
    r"|genero|nuora|cognat[oa]|convivente|compagn[oa])\b[\s:,(.]*(?:del paziente "
    r"|di riferimento )?(?:il |la )?$"
)
_NO_NAME = frozenset(
    "nato nata residente ricoverato ricoverata telefono tel cell cartella data cf sesso eta "
    "anni e il la "
    "in di anni e' affetto affetta con che viene veniva maschio femmina iperteso ipertesa "
    "diabetico "
    "deceduto deceduta dimesso dimessa operato operata trasferito trasferita sottoposto sottoposta "
    "giunto giunta proveniente degente noto nota candidato candidata cardiopatico cardiopatica "
    "numero codice "
    "seguito seguita autonomo autonoma accolto accolta asintomatico asintomatica obeso obesa "
    "ospedale struttura complessa divisione cardiochirurgia cardiologia reparto lettera relazione "
    "chiusura dimissione ingresso ricovero intervento uscita entrata ammissione accettazione "
    "nosologico recapito episodio clinica istituto azienda unita operativa dipartimento "
    "direttore primario presidio policlinico servizio degenza "
    "universitaria universitario modulo copia "
    "diabetica nega portatore portatrice ex fumatore nome cognome paziente sig dott dr prof".split()
)


class Names:
    """Titles, labels and given names that lead to the patient's name."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._given = lexicon.words("names", "given")
        self._no_name = _NO_NAME | function_words() - self._given

    def found(self, line: Line) -> Iterator[Name]:
        """Start, end, field and text of every surname and given name of the patient."""
        text = line.folded
        if behind := _BEHIND.search(text):
            fields = ("cognome", "nome") if behind["first"] == "cognome" else ("nome", "cognome")
            for group, field in zip(("one", "other"), fields, strict=True):
                yield *behind.span(group), field, line.text[slice(*behind.span(group))]
            return
        surname, given = _SURNAME.search(text), _GIVEN.search(text)
        for match, field in ((surname, "cognome"), (given, "nome")):
            if match:
                words = self._name_at(line, match.end())
                if words:
                    yield words[0][0], words[-1][1], field, line.text[words[0][0] : words[-1][1]]
        if surname and (labelled := self._name_at(line, surname.end())):
            yield from self._beside(line, [line.text[slice(*word)] for word in labelled])
        if surname or (given and not _CALLED.search(text)):
            return
        seen: set[int] = set()
        for match in _CALLED.finditer(text):
            left = text[max(0, match.start() - 45) : match.start()]
            if (
                _DOCTOR.search(left)
                and not _PATIENT_OF.search(left)
                or _KIN.search(left)
                or match.end() in seen
            ):
                continue
            title = match[0].lstrip()
            given_first = title.startswith(("nome e", "nome/", "nome /", "nome,", "nome -"))
            told_order = "cognome" in title and not given_first
            words = self._name_at(line, match.end())
            quiet = [] if words else list(self._quiet(line, match.end()))
            yield from quiet
            if words or quiet:  # else no name is told there: "(pz senza cellulare)"
                seen.add(match.end())
            told = self._told_surname(line, words)
            rest = self._parted(line, words)
            yield from told or rest or self._split(line, words, given_first, told_order)
        if not seen and not (bare := list(self._bare(line))):
            quiet = list(self._quiet(line))
            yield from quiet or self._before_birth(line)
        elif not seen:
            yield from bare

    def _beside(self, line: Line, surname: list[str]) -> Iterator[Name]:
        """Il signor Quispe Mamani Wilmer, cognome Quispe Mamani: what is left is the given name."""
        called = _CALLED.search(line.folded)
        words = self._name_at(line, called.end()) if called else []
        quotes = [line.text[slice(*word)] for word in words]
        if len(words) > len(surname):
            rest = words[len(surname) :] if quotes[: len(surname)] == surname else []
            if quotes[-len(surname) :] == surname:
                rest = words[: -len(surname)]
            if rest:
                yield rest[0][0], rest[-1][1], "nome", line.text[rest[0][0] : rest[-1][1]]

    def _parted(self, line: Line, words: list[tuple[int, int]]) -> list[Name]:
        """BIANCHI, Carla: a comma, then the given name."""
        comma = re.match(r"\s?[,/]\s", line.text[words[-1][1] :]) if words else None
        after = self._name_at(line, words[-1][1] + comma.end()) if comma else []
        if not after or fold(line.text[slice(*after[0])]) not in self._given:
            return []
        return [
            (part[0][0], part[-1][1], field, line.text[part[0][0] : part[-1][1]])
            for field, part in (("cognome", words), ("nome", after))
        ]

    def _told_surname(self, line: Line, words: list[tuple[int, int]]) -> list[Name]:
        """Signora Munteanu Doina (Munteanu è il cognome)."""
        if not words:
            return []
        told = _TOLD_SURNAME.search(line.folded, words[-1][1])
        after = told["told"].split() if told and told["told"] else []
        spoken = [fold(line.text[slice(*word)]) for word in words]
        for size in range(len(words) - 1, 0, -1):
            if after[-size:] in (spoken[:size], spoken[-size:]):
                first = after[-size:] == spoken[:size]
                family = words[:size] if first else words[-size:]
                given = words[size:] if first else words[:-size]
                return [
                    (part[0][0], part[-1][1], field, line.text[part[0][0] : part[-1][1]])
                    for field, part in (("cognome", family), ("nome", given))
                ]
        return []

    def _before_birth(self, line: Line) -> Iterator[Name]:
        """Rimando a casa ROSSI MARIO, nato il ...: the name that ends where the birth begins."""
        for born in _BORN_HERE.finditer(line.folded):
            found = _ENDS_IN_NAME.search(line.text, max(0, born.start() - _NEAR), born.start())
            if found is None or _DOCTOR.search(line.folded, 0, found.end()):
                continue
            starts = [found.start() + m.start() for m in re.finditer(r"\S+", found[0])]
            for start in starts[:-1]:
                words = self._name_at(line, start)
                if len(words) > 1 and words[-1][1] == born.start() and words[0][0] == start:
                    yield from self._split(line, words, False)
                    return

    def _bare(self, line: Line) -> Iterator[Name]:
        """ROSSI MARIO, nato il ...: a line that begins with a name; or a cell behind its label."""
        words = self._name_at(line, len(line.text) - len(line.text.lstrip(_LEAD)))
        if not words:
            return
        if parted := self._parted(line, words):
            if _BORN.match(line.folded, parted[-1][1]):
                yield from parted
            return
        labelled = bool(
            re.search(
                r"(?:paziente|nominativo|cognome e nome|nome e cognome"
                r"|sig\.?(?:ra)?)\s?:?\s*$|^\W*(?:cognome\s(?:e\s)?nome|nome\s(?:e\s)?cognome)\b",
                line.before,
            )
        )
        born = _BORN.match(line.folded, words[-1][1])
        alone = words[-1][1] == len(line.text.rstrip()) and _BORN_BELOW.match(line.below)
        if labelled or len(words) >= 2 and (born or alone):
            label = line.before.strip()
            yield from self._split(
                line, words, label.startswith(("nome e", "nome co")), label.startswith("cognome")
            )
        elif re.search(r"\bcognome\s?:?\s*$", line.before):
            yield words[0][0], words[-1][1], "cognome", line.text[words[0][0] : words[-1][1]]
        elif re.search(r"(?<!cog)\bnome\s?:?\s*$", line.before):
            yield words[0][0], words[-1][1], "nome", line.text[words[0][0] : words[-1][1]]

    def _name_at(self, line: Line, start: int) -> list[tuple[int, int]]:
        """The capitalised words that begin at a place, at most five."""
        words: list[tuple[int, int]] = []
        text = line.mended
        while len(words) < 5:
            while start < len(text) and text[start] in " *_\u00a0":
                start += 1
            match = _NAME_WORD.match(text, start)
            if words and match is not None and _LABEL.match(text, match.end()):
                break  # the label of the next column: Nome: Mario      Ingresso: ...
            if match is None or not match[0][0].isupper() or fold(match[0]) in self._no_name:
                if match is None or fold(match[0]) not in _PARTICLES:
                    break
            words.append(match.span())
            start = match.end()
        while words and (
            fold(line.text[slice(*words[-1])]) in _PARTICLES
            or (len(words) > 1 and line.text[slice(*words[-1])] in ("M", "F"))
        ):
            words.pop()
        if words and text[words[-1][1] :].strip() == "-":
            words.pop()  # the line breaks the last word in two
        quotes = [line.text[slice(*w)] for w in words]
        # Prose in capitals is no name; nor is a single short word.
        return words if words and len(quotes[0]) > 1 else []

    def _quiet(self, line: Line, start: int = 0) -> Iterator[Name]:
        """rossi mario n.7/1/58: a name all in small letters, told by the birth behind it."""
        match = _QUIET.match(line.text, start)
        if match is None:
            return
        name = re.compile(r"\S+").finditer(line.text, *match.span("name"))
        words = [(word.start(), word.end()) for word in name]
        plain = [fold(line.text[slice(*word)]) for word in words]
        if any(word in self._given for word in plain) and not self._no_name & set(plain):
            yield from self._split(line, words, False)

    def _split(
        self, line: Line, words: list[tuple[int, int]], given_first: bool, told_order: bool = False
    ) -> Iterator[Name]:
        """Which of the words are the surname: by capitals, by known given names, by custom."""
        if not words:
            return
        quotes = [line.mended[slice(*word)] for word in words]
        given = self._given_words(quotes, given_first, told_order)
        for field, wanted in (("cognome", False), ("nome", True)):
            chosen = [
                word for word, is_given in zip(words, given, strict=True) if is_given is wanted
            ]
            if chosen:
                start, end = chosen[0][0], chosen[-1][1]
                yield start, end, field, line.text[start:end]

    def _given_words(
        self, quotes: list[str], given_first: bool, told_order: bool = False
    ) -> list[bool]:
        count = len(quotes)
        if count == 1:
            return [fold(quotes[0]) in self._given]
        particles = next((n for n, q in enumerate(quotes) if fold(q) not in _PARTICLES), 0)
        if 0 < particles < count - 1:
            return [place > particles for place in range(count)]
        shouted = [quote.isupper() and len(quote) > 1 for quote in quotes]
        if any(shouted) and not all(shouted):
            loud = [s or fold(q) in _PARTICLES for s, q in zip(shouted, quotes, strict=True)]
            if _one_block(loud):
                return [not is_loud for is_loud in loud]
        known = [fold(quote) in self._given for quote in quotes]
        if given_first:
            return self._leading(known, quotes)
        if known[0] and not known[-1]:
            return self._leading(known, quotes)
        if count == 2 and known[0] == known[1] and not told_order:
            double = ["-" in quote for quote in quotes]
            like = double if any(double) else [_like_surname(quote) for quote in quotes]
            if like[0] != like[1]:
                return like[::-1]
        if not any(shouted) and known[0] == known[-1] and not told_order:
            # In ordinary letters, where the list does not tell, the given name comes first.
            return self._leading(known, quotes)
        tail = 1
        while tail < count - 1 and known[count - 1 - tail] and known[-1]:
            tail += 1
        return [place >= count - tail for place in range(count)]

    def _leading(self, known: list[bool], quotes: list[str]) -> list[bool]:
        head = 1
        while head < len(known) - 1 and known[head] and fold(quotes[head]) not in _PARTICLES:
            head += 1
        return [place < head for place in range(len(known))]


def names_alone(line: Line, spans: Iterable[Span]) -> bool:
    """Whether a line is the patient's name and no more."""
    named = sorted((s.start, s.end) for s in spans if s.field in ("nome", "cognome"))
    return len(named) == 2 and not line.folded[named[-1][1] :].strip(" .,")


def _like_surname(quote: str) -> bool:
    """Whether an Italian word ends as surnames do and given names hardly: -i, -ese, -ato, -aro."""
    return _SURNAME_END.search(fold(quote)) is not None


def _one_block(flags: list[bool]) -> bool:
    """Whether the true ones stand together at one end."""
    return flags == sorted(flags) or flags == sorted(flags, reverse=True)
