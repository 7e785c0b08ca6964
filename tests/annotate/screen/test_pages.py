"""Images of a letter's pages: made once, for their owner alone, served to whoever is logged in."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from PIL import Image

from annotate.screen.pages import add_storage, render_pages
from annotate.server.server import LabelStudioServer
from annotate.server.settings import files_folder
from annotate.sync.studio import connect
from core.read.readers.folders import digest
from core.records import Letter, Page
from tests.places import EXAMPLES

PDF = EXAMPLES / "lettera-01.pdf"


def letter(name: str, *pages: int) -> Letter:
    return Letter(name, "x.pdf", True, "x", tuple(Page(n, 0, 1) for n in pages), "text")


def rendered(
    letters: Sequence[Letter], files: Sequence[Path], folder: Path
) -> tuple[dict[str, list[str]], list[str]]:
    failures: list[str] = []
    return dict(render_pages(letters, files, folder, failures)), failures


def test_each_page_is_a_file_of_its_own(tmp_path: Path) -> None:
    name = digest(PDF)
    text = tmp_path / "altra.txt"
    text.write_text("x")
    files, folder = [PDF, text], tmp_path / "files"
    found, failures = rendered([letter(name, 1, 2), letter("0" * 12, 1)], files, folder)
    addresses = [f"/data/local-files/?d=pages/{name}/{page}.png" for page in (1, 2)]
    assert (found, failures) == ({name: addresses}, [])
    images = sorted((folder / "pages" / name).iterdir())
    assert [image.name for image in images] == ["1.png", "2.png"]
    assert all(image.stat().st_mode & 0o777 == 0o600 for image in images)
    assert (folder / "pages").stat().st_mode & 0o777 == 0o700
    with Image.open(images[0]) as image:
        assert 900 < image.width <= 1100 and image.height <= 1600
    before = [image.stat().st_mtime_ns for image in images]
    assert rendered([letter(name, 1, 2)], files, folder) == (found, [])
    assert [image.stat().st_mtime_ns for image in images] == before


def test_a_second_letter_of_a_file_has_its_own_pages(tmp_path: Path) -> None:
    name = f"{digest(PDF)}.2"
    found, _ = rendered([letter(name, 2)], [PDF], tmp_path)
    assert found == {name: [f"/data/local-files/?d=pages/{name}/2.png"]}


def test_a_broken_file_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    broken = tmp_path / "rotta.pdf"
    broken.write_bytes(PDF.read_bytes()[:5000])
    letters = [letter(digest(broken), 1), letter(digest(PDF), 1)]
    found, [failure] = rendered(letters, [broken, PDF], tmp_path / "files")
    assert list(found) == [digest(PDF)]
    assert failure == f"{broken}: the PDF is cut short; copy it again from where it came"


@pytest.mark.server
def test_only_who_is_logged_in_sees_a_page(label_studio: LabelStudioServer) -> None:
    client = connect(label_studio.url, label_studio.token)
    project = client.projects.create(title="Pagine")
    folder = files_folder(label_studio.password_file.parent)
    found, _ = rendered([letter(digest(PDF), 1)], [PDF], folder)
    for _ in range(2):
        add_storage(client, project.id, folder)
    storages = list(client.import_storage.local.list(project=project.id))
    assert len(storages) == 1
    address = label_studio.url + found[digest(PDF)][0]
    token = {"Authorization": f"Token {label_studio.token}"}
    image = httpx.get(address, headers=token, trust_env=False, timeout=60)
    assert image.status_code == 200 and image.headers["content-type"] == "image/png"
    assert httpx.get(address, trust_env=False, timeout=60).status_code in (302, 401, 403)
    # A scan of the folder, should somebody press the button, makes no tasks of the images.
    client.import_storage.local.sync(id=storages[0].id or 0)
    assert client.projects.get(id=project.id).task_number == 0
