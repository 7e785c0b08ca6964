"""What the user names -> the files to read."""

import os
from pathlib import Path

import pytest

from core.errors import BadInput
from core.read.readers.folders import check, digest, expand


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    for name in ("b.pdf", "a.txt", "sub/c.MD", "sub/deep/d.png", "notes.docx", "~$b.pdf"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for hidden in (".hidden.txt", ".trash/e.txt"):
        (tmp_path / hidden).parent.mkdir(exist_ok=True)
        (tmp_path / hidden).write_text("x")
    return tmp_path


def names(root: Path, *inputs: Path | str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in expand(inputs)]


def test_a_folder_gives_its_readable_files_and_those_below(ward: Path) -> None:
    assert names(ward, ward) == ["a.txt", "b.pdf", "sub/c.MD", "sub/deep/d.png"]


def test_globs_are_expanded_even_where_no_shell_did(ward: Path) -> None:
    assert names(ward, f"{ward}/*.txt", f"{ward}/**/*.png") == ["a.txt", "sub/deep/d.png"]


def test_a_file_named_twice_comes_once(ward: Path) -> None:
    assert names(ward, ward / "b.pdf", ward / "sub" / ".." / "b.pdf", f"{ward}/b*") == ["b.pdf"]


def test_a_file_whose_name_looks_like_a_glob_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letter [1].txt").write_text("x")
    assert names(tmp_path, tmp_path / "letter [1].txt") == ["letter [1].txt"]


def test_a_file_named_outright_is_kept_so_that_reading_says_what_is_wrong(ward: Path) -> None:
    assert names(ward, ward / "notes.docx") == ["notes.docx"]


MISSING = {
    "no such file": ("nowhere.pdf", "no such file or folder"),
    "a glob without matches": ("*.tif", "no file here that can be read"),
    "a folder without readable files": ("sub/empty", "no file here that can be read"),
}


@pytest.mark.parametrize(("name", "said"), MISSING.values(), ids=MISSING.keys())
def test_a_path_that_leads_nowhere_is_named(ward: Path, name: str, said: str) -> None:
    (ward / "sub" / "empty").mkdir()
    with pytest.raises(BadInput, match=said) as error:
        expand([ward / "a.txt", ward / name])
    assert str(error.value).startswith(str(ward / name))


def test_ids_are_the_first_twelve_hex_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    assert digest(tmp_path / "a.txt") == "ba7816bf8f01"


def test_unusable_files_are_refused_with_the_way_out(ward: Path) -> None:
    (ward / "empty.txt").touch()
    for name, said in {
        "sub": "is a folder",
        "notes.docx": "files of this kind cannot be read; use .jpeg, .jpg, .md, .pdf",
        "empty.txt": "the file is empty",
        "gone.txt": "cannot be read .No such file",
    }.items():
        with pytest.raises(BadInput, match=said):
            check(ward / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(ward: Path) -> None:
    (ward / "a.txt").chmod(0)
    with pytest.raises(BadInput, match="cannot be read .Permission denied"):
        check(ward / "a.txt")
