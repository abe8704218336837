"""A local stand-in for the Hub, as far as Minari asks it for datasets: files by their real addresses."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class _Handler(BaseHTTPRequestHandler):
    root: Path

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _answer(self, *, with_body: bool) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        repository = self.root.joinpath(*parts[2:4] if parts[0] == "api" else parts[1:3])
        if parts == [""]:
            self._send(200, b"The Hub", with_body)
        elif not repository.is_dir():
            self._send(404, b"", with_body, "RepoNotFound")
        elif parts[0] == "api":
            self._send(200, _listing(repository, "/".join(parts[2:4]), tree="tree" in parts), with_body)
        elif (file := repository.joinpath(*parts[5:])).is_file():
            self._send(200, file.read_bytes(), with_body)
        else:
            self._send(404, b"", with_body, "EntryNotFound")

    def _send(self, status: int, body: bytes, with_body: bool, code: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if code:
            self.send_header("X-Error-Code", code)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@contextmanager
def dataset_hub(root: Path) -> Iterator[str]:
    """The address of a server of the datasets OWNER/NAME whose files stand in `root`/OWNER/NAME."""
    handler = type("Handler", (_Handler,), {"root": root})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _listing(folder: Path, name: str, *, tree: bool) -> bytes:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    names = [file.relative_to(folder).as_posix() for file in files]
    if tree:
        rows = [
            {"type": "file", "path": path, "size": file.stat().st_size, "oid": COMMIT}
            for path, file in zip(names, files, strict=True)
        ]
        return json.dumps(rows).encode()
    return json.dumps({"id": name, "sha": COMMIT, "siblings": [{"rfilename": path} for path in names]}).encode()
