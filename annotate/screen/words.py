"""The words of the annotators' screens, in Italian and in English."""

from dataclasses import dataclass
from typing import Literal

from core.records import State
from core.schema import Field, Group

Language = Literal["it", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a screen in one language. `{}` takes a value."""

    begin: str
    end: str
    section: str
    letter: str
    lost: str
    partly: str
    target: str
    target_hint: str
    states: dict[State, str]
    state_head: str
    value_head: str
    yes_head: str
    yes: str
    no: str
    search: str
    note: str
    version_head: str
    nothing_more: str
    noted: str


WORDS: dict[Language, Words] = {
    "it": Words(
        begin="(inizio della lettera)",
        end="(fine della lettera)",
        section="Sezione: {}",
        letter="lettera {}",
        lost="La macchina ha citato anche, ma nel testo non si trova: {}",
        partly="La macchina non ha risposto su tutto il testo: guardatelo con cura",
        target="Da segnare",
        target_hint="Ogni informazione da riportare nel foglio del reparto",
        states={
            "present": "presente",
            "negated": "negato",
            "uncertain": "dubbio",
            "family": "familiare",
        },
        state_head="Stato",
        value_head="Valore",
        yes_head="Valore, se non lo dice lo stato",
        yes="sì",
        no="no",
        search="Cerca un campo (Maiusc+F); Invio sceglie il primo",
        note="Nota (facoltativa); Invio la registra",
        version_head="Quale versione vale? Se nessuna, vale ciò che lasciate evidenziato",
        nothing_more="niente in più",
        noted="nota",
    ),
    "en": Words(
        begin="(the letter begins)",
        end="(the letter ends)",
        section="Section: {}",
        letter="letter {}",
        lost="The machine also quoted, but the text does not hold: {}",
        partly="The machine did not answer on all of the text: look with care",
        target="To be marked",
        target_hint="Anything that goes into the ward's spreadsheet",
        states={
            "present": "present",
            "negated": "negated",
            "uncertain": "uncertain",
            "family": "family",
        },
        state_head="State",
        value_head="Value",
        yes_head="Value, if the state does not tell",
        yes="yes",
        no="no",
        search="Find a field (Shift+F); Enter takes the first",
        note="Note (optional); Enter keeps it",
        version_head="Which version holds? If none, what you leave highlighted holds",
        nothing_more="nothing more",
        noted="note",
    ),
}


def meanings(field: Field, language: Language) -> dict[int | str, str]:
    """The codes of a field and what they mean in a language, so far as its table says."""
    return field.codes if language == "it" else {**field.codes, **field.codes_en}


def named(thing: Field | Group, language: Language) -> str:
    """The name of a group, or the definition of a field, in a language."""
    return thing.it if language == "it" else thing.en
