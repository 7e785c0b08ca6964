"""A Hub that gives folders away, on loopback: what `snapshot_download` asks for and no more."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVISION = sha1(b"the only one").hexdigest()


@contextmanager
def hub(folders: Mapping[str, Path]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the names of the files that were fetched from it."""
    fetched: list[str] = []

    class Asked(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            for name, folder in folders.items():
                if self.path.startswith(f"/api/models/{name}/revision/"):
                    return self._index(name, folder)
                if self.path.startswith(f"/api/models/{name}/tree/"):
                    return self._tree(folder)
                before = f"/{name}/resolve/"
                if self.path.startswith(before):
                    return self._file(
                        folder / self.path.removeprefix(before).split("/", 1)[1], body
                    )
            self.send_error(404)

        def _index(self, name: str, folder: Path) -> None:
            files = [{"rfilename": path.name} for path in sorted(folder.iterdir())]
            told = {"id": name, "modelId": name, "sha": REVISION, "siblings": files}
            self._send(json.dumps(told).encode(), {"Content-Type": "application/json"})

        def _tree(self, folder: Path) -> None:
            rows = [
                {
                    "type": "file",
                    "path": path.name,
                    "size": path.stat().st_size,
                    "oid": sha1(path.read_bytes()).hexdigest(),
                }
                for path in sorted(folder.iterdir())
            ]
            self._send(json.dumps(rows).encode(), {"Content-Type": "application/json"})

        def _file(self, path: Path, body: bool) -> None:
            content = path.read_bytes()
            if body:
                fetched.append(path.name)
            told = {"ETag": f'"{sha1(content).hexdigest()}"', "X-Repo-Commit": REVISION}
            self._send(content, told, body)

        def _send(self, content: bytes, told: Mapping[str, str], body: bool = True) -> None:
            self.send_response(200)
            for name, value in (told | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", fetched
    finally:
        server.shutdown()
        server.server_close()
