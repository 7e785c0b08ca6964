"""A Hub on loopback that speaks to the real `huggingface_hub` client and to `transformers`.

What it knows was read in the client's source (2.4.0): accounts, repositories, commits with files by
LFS (in one piece or in parts), trees, downloads with ranges from an origin of their own, tags,
Spaces. What it does not know: Xet, pull requests, rate limits, the Hub's full rules for headers.
`Fault`s make it answer otherwise, or cut the line. As the Hub is met with HF_HUB_DISABLE_XET=1.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.loopback.hub_repos import Repo
from tests.loopback.hub_routes import ROUTES
from tests.loopback.hub_server import Asked, Hub


@contextmanager
def hub(folders: Mapping[str, Path] | None = None) -> Iterator[Hub]:
    """A Hub while the block runs, with a model of each folder in it."""
    state = Hub()
    handler = type("AskedOfOne", (Asked,), {"hub": state, "routes": ROUTES})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    # Two origins of one server: what is stored is fetched from the other, without a token.
    state.url = f"http://127.0.0.1:{server.server_port}"
    state.cdn = f"http://localhost:{server.server_port}"
    for name, folder in (folders or {}).items():
        state.add(Repo(name)).seed(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
