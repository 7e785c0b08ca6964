"""Debian's nginx with the example configuration, and a certificate made for the test."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import annotate
from tests.studio import free_port

EXAMPLE = Path(annotate.__path__[0]) / "keeping" / "proxy" / "nginx.conf"
NAME = "lettera.ospedale.example"
WHOLE = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def nginx() -> str:
    """The program; skips the test where it is absent."""
    for name in ("nginx", "openssl"):
        if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            pytest.skip(f"{name} is not installed: apt-get install nginx-light openssl")
    return str(shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin"))


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        + ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext"]
        + ["subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)],
        check=True,
        capture_output=True,
    )
    return made, key


@contextmanager
def proxy(folder: Path, listen: int, upstream: int) -> Iterator[Path]:
    """The example as it stands but for names, ports and certificate; gives the certificate."""
    program = nginx()
    made, key = certificate(folder)
    site = EXAMPLE.read_text()
    for old, new in {
        f"/etc/ssl/certs/{NAME}.pem": str(made),
        f"/etc/ssl/private/{NAME}.key": str(key),
        NAME: "localhost",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl;": f"listen 127.0.0.1:{listen} ssl;",
        "127.0.0.1:8080": f"127.0.0.1:{upstream}",
    }.items():
        assert old in site, f"the example has no {old} any more"
        site = site.replace(old, new)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder))
    running = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        end = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"https://localhost:{listen}/health", verify=False, trust_env=False)
                break
            except httpx.TransportError:
                assert running.poll() is None and time.monotonic() < end
                time.sleep(0.1)
        yield made
    finally:
        running.terminate()
        running.wait(10)
