"""Which section a block is by what stands in it, where its heading is a stranger."""

import re

_KINDS = {
    "therapy": re.compile(
        r"\d\s?(?:mg|mcg|ui|gtt)\b|\b\d?\s?(?:cp|cpr|cps|compress[ae])\b|\b(?:sec|secondo) inr\b"
    ),
    "exams": re.compile(
        r"\b(?:hb|emoglobina|creat\w*|plt|gb|wbc|inr|ecg|eco\w*|fe|fevs|pcr|rx|nt-?probnp|bnp|na|k"
        r"|troponina|coronarograf\w*|papp?s|gradiente)\b"
    ),
    "course": re.compile(
        r"\b(?:estubat\w*|svezz\w*|terapia intensiva|rianimazione|decorso|giornata|trasfus\w*"
        r"|drenagg\w*|inotrop\w*|post-?\s?operat\w*|apiretic\w*|ferit[ae]|mobilizz\w*)\b"
    ),
    "history": re.compile(
        r"\b(?:ipertes\w*|ipertens\w*|diabet\w*|dislipid\w*|ipercolest\w*|fum\w+|familiarita|padre"
        r"|madre|pregress\w*|bpco|nega|ictus|tia|allerg\w*|nel (?:19|20)\d\d|appendicectomia)\b"
    ),
}
_FIELDS = {
    "therapy": ("Terapia", "terapia_alla_dimissione"),
    "exams": ("esami_all_ingresso", "esami_alla_dimissione"),
    "course": ("Decorso_post_operatorio", "Decorso_post_operatorio"),
    "history": ("Anamnesi", "Anamnesi"),
}
# What begins letters, asked for only where no other kind is told.
_BEGINNINGS = {
    "Diagnosi": re.compile(
        r"\b(?:stenosi|insufficienza|steno-?insufficienza|cardiopatia|coronaropatia|aneurisma"
        r"|dissezione|endocardite|valvulopatia|sostituzione|plastica|anuloplastica|by-?pass|bpac"
        r"|cabg|protesi|bioprotesi|intervento|trivasale|bivasale|mixoma|rottura|esiti|obesit[aà]|scompenso)\b"
    ),
    "Motivo ricovero": re.compile(
        r"\b(?:dispnea|affanno|nyha|angor|angina|ricover\w+|elezione|elettiv\w+|programmat\w+"
        r"|indicazione|giung\w+|giunt[oa]|comparsa|sincope|lipotimi\w+|ingravescente|urgenza"
        r"|trasferit[oa]|riferisce|riferiva|sintomatologia|dolore|scompenso|edemi)\b"
    ),
}
_ENOUGH = 3  # signs of a kind
_CLEARLY = 2  # times as many as of any other


def guessed(block: str, told: bool) -> str | None:
    """The section field of a folded block, `told` if the course stands before it; None in doubt."""
    counts = sorted(((len(set(s.findall(block))), k) for k, s in _KINDS.items()), reverse=True)
    (most, kind), (next_most, _) = counts[:2]
    sure = most >= _ENOUGH and most >= _CLEARLY * next_most
    return _FIELDS[kind][told] if sure else None


def guessed_beginning(block: str) -> str | None:
    """Whether a folded block is the diagnosis or the reason for the stay; None in doubt."""
    counts = sorted(((len(set(s.findall(block))), f) for f, s in _BEGINNINGS.items()), reverse=True)
    (most, field), (next_most, _) = counts
    return field if most >= _ENOUGH and most > next_most else None
