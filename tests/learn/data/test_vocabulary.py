"""The published vocabulary: no person's name, no number, nothing that few letters say."""

from core.learn.data.vocabulary import train_vocabulary
from tests.tiny_model import marked


def pieces(*texts: tuple[str, int], origin: str = "human") -> set[str]:
    """The vocabulary learned from each text written in so many letters."""
    rows = [marked(text, f"{n:012x}", origin=origin) for text, count in texts for n in range(count)]
    return set(train_vocabulary(rows, 500).get_vocab())


def test_words_of_five_letters_are_kept_and_of_four_are_not() -> None:
    found = pieces(("bisoprololo", 5), ("ipercheratosi", 4))
    assert "bisoprololo" in found
    assert not any("iperch" in piece or "##pe" in piece for piece in found)


def test_a_name_is_not_learned_however_often_it_stands() -> None:
    found = pieces(("Sig. [[cognome|Mezzalira]]", 9), ("seguito da Mezzalira", 9))
    assert "seguito" in found
    assert not any(len(piece.strip("#")) > 1 and piece.strip("#") in "mezzalira" for piece in found)


def test_fictitious_words_are_free() -> None:
    assert "bisoprololo" in pieces(("bisoprololo", 2), origin="fictitious")


def test_a_patients_name_is_not_learned_though_fiction_knows_it_too() -> None:
    fiction = [marked("la scarpa de paziente", f"{n:012x}", origin="fictitious") for n in range(9)]
    assert "scarpa" in train_vocabulary(fiction, 500).get_vocab()
    known = marked("Sig. [[cognome|De Scarpa]], [[Sesso|paziente]]", "f" * 12)
    found = train_vocabulary([*fiction, known], 500).get_vocab()
    assert {"de", "paziente"} <= found.keys() and "scarpa" not in found


def test_a_number_is_its_length_and_nothing_more() -> None:
    found = pieces(("tel. 3287351755 il 21/02/2024", 9))
    assert {"0000000000", "0000"} <= found
    assert not any(sign in piece for piece in found for sign in "123456789")


def test_any_text_can_be_spelled() -> None:
    tokenizer = train_vocabulary([marked("un rigo")], 500)
    words = ["Zqxwkj", "PERCHÉ", "2024", "/", "½", "º", "“", "…", "m²", "µg"]
    assert "[UNK]" not in tokenizer.encode(words, is_pretokenized=True).tokens
