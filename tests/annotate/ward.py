"""People at the login page, and a Label Studio that need not be made anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from annotate.keeping.backup import make
from annotate.keeping.restore import restore
from annotate.server.server import LabelStudioServer


@contextmanager
def annotator(url: str, user: str, password: str, **how: Any) -> Iterator[httpx.Client]:
    """A person who logs in by the page, as a browser would; asserts that they get in."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60, **how) as page:
        page.get("/user/login/")
        known = {"email": user, "password": password}
        token = {"csrfmiddlewaretoken": page.cookies["csrftoken"]}
        sent_by = {"Origin": url, "Referer": f"{url}/user/login/"}
        answer = page.post("/user/login/", data=known | token, headers=sent_by)
        assert answer.status_code == 302, "the password is not taken"
        yield page


def clone(label_studio: LabelStudioServer, tmp_path: Path) -> Path:
    """A workspace with what the session's server holds at this moment, for a server of its own."""
    made = make(label_studio.password_file.parent.parent, tmp_path / "session.zip")
    restore(made.path, tmp_path / "clone")
    return tmp_path / "clone"
