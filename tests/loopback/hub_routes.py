"""What the Hub on loopback answers to each call, as read in the client's source (2.4.0)."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback.hub_repos import Blob, Repo, complaints, is_large
from tests.loopback.hub_server import TOKEN, Asked, Hub, Refused

ID = r"(?P<repo>[\w.-]+/[\w.-]+)"
KIND = r"(?P<kind>model|space)s"


def whoami(asked: Asked) -> None:
    hub = asked.hub
    if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise Refused(401, error="Invalid credentials in Authorization header")
    orgs = [{"type": "org", "name": name, "isEnterprise": hub.pro} for name in hub.orgs]
    told = {"type": "user", "name": "livia", "isPro": hub.pro, "canPay": hub.pro, "orgs": orgs}
    asked.reply(told | {"auth": {"accessToken": {"displayName": "t", "role": hub.role}}})


def create(asked: Asked) -> None:
    asked.check()
    hub, said = asked.hub, asked.said()
    kind, name = said.get("type") or "model", f"{said['organization'] or 'livia'}/{said['name']}"
    url = f"{hub.url}/{'spaces/' if kind == 'space' else ''}{name}"
    if name.split("/")[0] not in ("livia", *hub.orgs):
        raise Refused(403, error="you do not have the rights to create a repository there")
    if (kind, name) in hub.repos:
        return asked.reply({"error": "You already created this repo", "url": url}, status=409)
    if kind == "space" and said["sdk"] != "static" and not hub.pro:
        raise Refused(402, error="hosting Gradio Spaces on free cpu-basic requires PRO")
    private = said.get("visibility") == "private"
    hub.add(Repo(name, kind, private, said.get("sdk")))
    return asked.reply({"url": url, "id": name})


def validate(asked: Asked) -> None:
    said = asked.said()
    wrong = complaints(said["content"], said["repoType"])
    errors = [{"message": sentence} for sentence in wrong]
    asked.reply({"errors": errors, "warnings": []}, status=400 if wrong else 200)


def preupload(asked: Asked, kind: str, repo: str, revision: str) -> None:
    asked.check()
    files = asked.repo_of(kind, repo).head.files
    rows = []
    for told in asked.said()["files"]:
        assert len(base64.b64decode(told["sample"])) <= 512
        large = is_large(told["path"], told["size"])
        row = {"path": told["path"], "uploadMode": "lfs" if large else "regular"}
        known = files.get(told["path"])
        oid = None if known is None else known.sha if known.lfs else known.git
        rows.append(row | {"shouldIgnore": False} | ({"oid": oid} if oid else {}))
    asked.reply({"files": rows})


def batch(asked: Asked, repo: str, space: str | None = None) -> None:
    asked.check()
    hub, rows = asked.hub, []
    for told in asked.said()["objects"]:
        row: dict[str, Any] = {"oid": told["oid"], "size": told["size"]}
        if told["oid"] not in hub.large:
            signed = f"{hub.cdn}/upload/{told['oid']}"
            upload: dict[str, Any] = {"href": f"{signed}?key={hub.key}"}
            if told["size"] > hub.part_size:
                count = -(-told["size"] // hub.part_size)
                urls = {str(n): f"{signed}/{n}?key={hub.key}" for n in range(1, count + 1)}
                upload = {"href": f"{signed}/done?key={hub.key}"}
                upload["header"] = {"chunk_size": str(hub.part_size)} | urls
            row["actions"] = {"upload": upload, "verify": {"href": f"{hub.url}/verify"}}
        rows.append(row)
    asked.reply({"transfer": "basic", "objects": rows})


def anonymous(asked: Asked) -> None:
    """Storage knows no account: its addresses are signed, and a token has no business there."""
    if asked.headers.get("Authorization") is not None:
        raise Refused(400, error="a token was sent to the storage")
    if parse_qs(urlsplit(asked.path).query).get("key") != [asked.hub.key]:
        raise Refused(403, error="not signed")


def put(asked: Asked, oid: str, part: str | None = None) -> None:
    anonymous(asked)
    if part is None:
        store(asked.hub, oid, asked.body)
    else:
        asked.hub.parts.setdefault(oid, {})[int(part)] = asked.body
    asked.reply({}, {"ETag": f'"{part or oid}"'})


def join(asked: Asked, oid: str) -> None:
    told = [row["partNumber"] for row in asked.said()["parts"]]
    store(asked.hub, oid, b"".join(asked.hub.parts[oid][number] for number in told))
    asked.reply({})


def store(hub: Hub, oid: str, content: bytes) -> None:
    if Blob(content, True).sha != oid:
        raise Refused(400, error="the content is not that of its name")
    hub.large[oid] = content


def verify(asked: Asked) -> None:
    asked.check()
    told = asked.said()
    if len(asked.hub.large.get(told["oid"], b"")) != told["size"]:
        raise Refused(404, error="not uploaded")
    asked.reply({})


def commit(asked: Asked, kind: str, repo: str, revision: str) -> None:
    asked.check()
    known = asked.repo_of(kind, repo)
    header, *rows = [json.loads(line) for line in asked.body.splitlines()]
    files = dict(known.head.files)
    for row in rows:
        path, value = row["value"]["path"], row["value"]
        if row["key"] == "file":
            files[path] = Blob(base64.b64decode(value["content"]), False)
        elif row["key"] == "lfsFile":
            if value["oid"] not in asked.hub.large:
                raise Refused(400, error="an LFS object is missing")
            files[path] = Blob(asked.hub.large[value["oid"]], True)
        elif row["key"] == "deletedFile":
            if files.pop(path, None) is None:
                raise Refused(404, "EntryNotFound", "A file with this name doesn't exist")
        else:
            raise Refused(400, error=row["key"])
    made = known.commit(header["value"]["summary"], files)
    url = f"{asked.hub.url}/{'spaces/' if kind == 'space' else ''}{repo}/commit/{made.oid}"
    asked.reply({"success": True, "commitOid": made.oid, "commitUrl": url})


def info(asked: Asked, kind: str, repo: str, revision: str = "main") -> None:
    known = asked.repo_of(kind, repo)
    found = known.at(revision)
    if found is None:
        raise Refused(404, "RevisionNotFound", "Invalid rev id")
    asked.reply(known.info(found))


def tree(asked: Asked, kind: str, repo: str, revision: str, under: str = "") -> None:
    found = asked.repo_of(kind, repo).at(revision)
    if found is None:
        raise Refused(404, "RevisionNotFound", "Invalid rev id")
    under = under.strip("/")
    files = {p: b for p, b in found.files.items() if not under or p.startswith(under + "/")}
    if under and not files:
        raise Refused(404, "EntryNotFound", "no such folder")
    asked.reply([blob.row(path) for path, blob in sorted(files.items())])


def resolve(asked: Asked, repo: str, revision: str, path: str, space: str | None = None) -> None:
    known = asked.repo_of("space" if space else "model", repo)
    found = known.at(revision)
    if found is None:
        raise Refused(404, "RevisionNotFound", "Invalid rev id")
    told = {"X-Repo-Commit": found.oid}
    if path not in found.files:
        return asked.reply({"error": "no"}, told | {"X-Error-Code": "EntryNotFound"}, 404)
    blob = found.files[path]
    if not blob.lfs:
        return give(asked, blob.content, told | {"ETag": f'"{blob.git}"'}, path)
    size = {"X-Linked-Size": str(len(blob.content)), "X-Linked-Etag": f'"{blob.sha}"'}
    there = {"Location": f"{asked.hub.cdn}/blob/{blob.sha}/{path}?key={asked.hub.key}"}
    asked.hub.large[blob.sha] = blob.content
    return asked.reply(b"", told | size | there, 302)


def blob(asked: Asked, oid: str, path: str) -> None:
    anonymous(asked)
    give(asked, asked.hub.large[oid], {"ETag": f'"{oid}"'}, path)


def give(asked: Asked, content: bytes, told: Mapping[str, str], path: str) -> None:
    """A file, or the part of it that is asked for."""
    if asked.command == "GET":
        asked.hub.fetched.append(path)
    span = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("Range", ""))
    if not span:
        return asked.reply(content, {"Accept-Ranges": "bytes", **told})
    start, end = int(span[1]), min(int(span[2] or len(content)), len(content) - 1)
    if start >= len(content):
        return asked.reply(b"", {"Content-Range": f"bytes */{len(content)}"}, 416)
    part = {"Content-Range": f"bytes {start}-{end}/{len(content)}", **told}
    return asked.reply(content[start : end + 1], part, 206)


def refs(asked: Asked, kind: str, repo: str) -> None:
    known = asked.repo_of(kind, repo)
    main = {"name": "main", "ref": "refs/heads/main", "targetCommit": known.head.oid}
    tags = [
        {"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid}
        for name, oid in known.tags.items()
    ]
    asked.reply({"branches": [main], "converts": [], "tags": tags})


def tag(asked: Asked, kind: str, repo: str, revision: str) -> None:
    asked.check()
    known, name = asked.repo_of(kind, repo), asked.said()["tag"]
    found = known.at(revision)
    if found is None:
        raise Refused(404, "RevisionNotFound", "Invalid rev id")
    if name in known.tags:
        raise Refused(409, error="Tag reference exists already")
    known.tags[name] = found.oid
    asked.reply({"success": True})


def commits(asked: Asked, kind: str, repo: str, revision: str) -> None:
    rows = [
        {"id": made.oid, "title": made.title, "authors": [], "date": "2026-11-21T00:00:00.000Z"}
        for made in reversed(asked.repo_of(kind, repo).commits)
    ]
    asked.reply(rows)


def settings(asked: Asked, repo: str, which: str) -> None:
    asked.check()
    known = asked.repo_of("space", repo)
    kept = known.variables if which == "variables" else known.secrets
    if asked.command != "GET":
        said = asked.said()
        if asked.command == "POST":
            kept[said["key"]] = said["value"]
        else:
            kept.pop(said["key"], None)
    shown = kept if which == "variables" else dict.fromkeys(kept)
    rows = {key: {"key": key} | ({"value": v} if v is not None else {}) for key, v in shown.items()}
    asked.reply(rows)


def runtime(asked: Asked, repo: str) -> None:
    known = asked.repo_of("space", repo)
    stage = known.stage()
    told: dict[str, Any] = {"stage": stage, "gcTimeout": 172800, "sha": known.head.oid}
    told["hardware"] = {"current": "cpu-basic", "requested": "cpu-basic"}
    if stage.endswith("ERROR"):
        told["errorMessage"] = "Exit code: 1"
    asked.reply(told)


def logs(asked: Asked, repo: str, which: str) -> None:
    asked.check()
    rows = [
        json.dumps({"data": line + "\n", "timestamp": "2026-11-21T00:00:00.000Z"})
        for line in asked.repo_of("space", repo).logs[which]
    ]
    stream = "data: \n\n" + "".join(f"data: {row}\n\n" for row in rows)
    asked.reply(stream.encode(), {"Content-Type": "text/event-stream"})


def restart(asked: Asked, repo: str) -> None:
    asked.check()
    known = asked.repo_of("space", repo)
    known.left = list(known.stages)
    runtime(asked, repo)


Route = Callable[..., None]
ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", "/api/whoami-v2", whoami),
    ("POST", "/api/repos/create", create),
    ("POST", "/api/validate-yaml", validate),
    ("POST", f"/api/{KIND}/{ID}/preupload/(?P<revision>[^/]+)", preupload),
    ("POST", rf"/(?P<space>spaces/)?{ID}\.git/info/lfs/objects/batch", batch),
    ("PUT", r"/upload/(?P<oid>[0-9a-f]{64})(?:/(?P<part>\d+))?", put),
    ("POST", r"/upload/(?P<oid>[0-9a-f]{64})/done", join),
    ("POST", "/verify", verify),
    ("POST", f"/api/{KIND}/{ID}/commit/(?P<revision>[^/]+)", commit),
    ("GET", f"/api/{KIND}/{ID}/tree/(?P<revision>[^/]+)(?P<under>/.*)?", tree),
    ("GET", f"/api/{KIND}/{ID}/revision/(?P<revision>[^/]+)", info),
    ("GET", f"/api/{KIND}/{ID}/refs", refs),
    ("POST", f"/api/{KIND}/{ID}/tag/(?P<revision>[^/]+)", tag),
    ("GET", f"/api/{KIND}/{ID}/commits/(?P<revision>[^/]+)", commits),
    ("GET|POST|DELETE", f"/api/spaces/{ID}/(?P<which>variables|secrets)", settings),
    ("GET", f"/api/spaces/{ID}/runtime", runtime),
    ("GET", f"/api/spaces/{ID}/logs/(?P<which>build|run)", logs),
    ("POST", f"/api/spaces/{ID}/restart", restart),
    ("GET", f"/api/{KIND}/{ID}", info),
    ("GET|HEAD", r"/blob/(?P<oid>[0-9a-f]{64})/(?P<path>.+)", blob),
    (
        "GET|HEAD",
        rf"/(?P<space>spaces/)?{ID}/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
        resolve,
    ),
)
