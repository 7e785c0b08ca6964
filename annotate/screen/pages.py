"""Images of a letter's pages, for the annotator to see beside its text.

They are files of the workspace that Label Studio serves to whoever is logged in: a task holds their
addresses only. `<folder>/<letter>/<page>.png`, readable by their owner alone.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from label_studio_sdk import LabelStudio

from core.errors import LetteraError
from core.files import private_folder, replacing
from core.read.readers.folders import PDFS, digest
from core.read.readers.pdf import opened
from core.records import Letter

FOLDER = "pages"  # under the folder that the server may show
ADDRESS = "/data/local-files/?d=pages/{letter}/{page}.png"  # relative: as good behind a proxy
SIZE = (1100, 1600)  # points on the screen; a page of print is read at about 1000
_NOTHING = "^$"  # what a scan of the folder would find: images are no tasks


def render_pages(
    letters: Iterable[Letter], files: Iterable[Path], folder: Path, failures: list[str]
) -> Iterator[tuple[str, list[str]]]:
    """The addresses of the pages of each letter whose PDF is among the files, known by its content.

    An image that is there is not made again. A file that cannot be opened goes to the failures.
    """
    sources = {digest(path): path for path in files if path.suffix.lower() in PDFS}
    for letter in letters:
        source = sources.get(letter.id.partition(".")[0])
        numbers = [page.page for page in letter.pages]
        if source is None or not numbers:
            continue
        try:
            _render(source, numbers, private_folder(private_folder(folder / FOLDER) / letter.id))
        except LetteraError as error:
            failures.append(str(error))
        else:
            yield letter.id, [ADDRESS.format(letter=letter.id, page=page) for page in numbers]


def add_storage(client: LabelStudio, project: int, folder: Path) -> None:
    """Lets a project of the server on this machine show the pages, which it asks a storage for."""
    path = str((folder / FOLDER).resolve())
    local: Any = client.import_storage.local
    if not any(storage.path == path for storage in local.list(project=project)):
        local.create(
            project=project, path=path, title=FOLDER, use_blob_urls=True, regex_filter=_NOTHING
        )


def _render(source: Path, numbers: Iterable[int], folder: Path) -> None:
    missing = [page for page in numbers if not (folder / f"{page}.png").exists()]
    if not missing:
        return
    with opened(source) as pdf:
        for number in missing:
            with pdf.page(number - 1) as page:
                image = page.render()
            image.thumbnail(SIZE)
            with replacing(folder / f"{number}.png") as file:
                image.save(file, "PNG", optimize=True)
