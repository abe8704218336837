"""A stand-in for the Hub on this machine: a server that answers as huggingface.co does, and as it must not.

Large files are announced on the Hub itself and lie on another host, small ones are served at once; both carry the
commit, and an ETag that is their hash. The other host here is the same server under its other name, `localhost`.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple
from urllib.parse import unquote

LARGE = (".pt", ".safetensors", ".npz")
TOO_LONG = 60  # seconds without a word, which nobody here waits for


class Request(NamedTuple):
    method: str
    path: str
    token: str | None
    host: str


@dataclass
class StandIn:
    """What the server has, what it was asked, and how it misbehaves."""

    url: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)  # "OWNER/NAME@COMMIT" -> name -> bytes
    revisions: dict[str, str] = field(default_factory=dict)  # "OWNER/NAME@main" -> commit
    requests: list[Request] = field(default_factory=list)
    fault: str = ""  # one of those that `Handler` looks for

    def put(self, repository: str, commit: str, files: dict[str, bytes], *revisions: str) -> None:
        self.files[f"{repository}@{commit}"] = files
        self.revisions |= {f"{repository}@{revision}": commit for revision in (*revisions, commit)}

    def asked(self, method: str = "GET") -> list[str]:
        return [request.path for request in self.requests if request.method == method]


class Handler(BaseHTTPRequestHandler):
    hub: StandIn

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._note()
        if self.path == "/":
            if self.hub.fault == "deaf":
                time.sleep(TOO_LONG)
            return self._answer(200)
        self._file(head=True)

    def do_GET(self) -> None:
        self._note()
        if self.path.startswith("/storage/"):
            digest = self.path.removeprefix("/storage/")
            found = [data for files in self.hub.files.values() for data in files.values() if sha256(data) == digest]
            return self._send(found[0])
        if self.path.startswith("/api/"):
            return self._tree()
        self._file(head=False)

    def do_POST(self) -> None:
        self._note()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != "Bearer hf_may_write":
            return self._answer(403, {"X-Error-Message": "You may not write here"})
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            if f"{name}@main" in self.hub.revisions:
                return self._json({"url": f"{self.hub.url}/{name}"}, 409)
            self.hub.put(name, "0" * 40, {}, "main")
            return self._json({"url": f"{self.hub.url}/{name}"})
        if self.path.endswith("/preupload/main"):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                for file in json.loads(body)["files"]
            ]
            return self._json({"files": files})
        if self.path == "/api/validate-yaml":
            return self._json({"errors": [], "warnings": []})
        repository = self.path.removeprefix("/api/models/").removesuffix("/commit/main")
        files = dict(self.hub.files[f"{repository}@{self.hub.revisions[f'{repository}@main']}"])
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            if line["key"] == "deletedFile":
                del files[line["value"]["path"]]
        commit = hashlib.sha1(body).hexdigest()
        self.hub.put(repository, commit, files, "main")
        self._json({"commitUrl": f"{self.hub.url}/{repository}/commit/{commit}", "commitOid": commit, "success": True})

    def _note(self) -> None:
        token, host = self.headers["Authorization"], self.headers["Host"].split(":")[0]
        self.hub.requests.append(Request(self.command, self.path, token, host))

    def _tree(self) -> None:
        repository = self.path.removeprefix("/api/models/").split("/tree/")[0].split("/revision/")[0]
        commit = self.hub.revisions.get(f"{repository}@main")
        if commit is None:
            return self._answer(404, {"X-Error-Code": "RepoNotFound"})
        files = self.hub.files[f"{repository}@{commit}"]
        if "/tree/" in self.path:
            return self._json([{"type": "file", "path": name, "size": 1, "oid": "0" * 40} for name in files])
        self._json({"id": repository, "sha": "0" * 40, "siblings": [{"rfilename": name} for name in files]})

    def _file(self, *, head: bool) -> None:
        repository, _, rest = self.path.lstrip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        revision, hub = unquote(revision), self.hub
        if hub.fault in ("401", "403", "500"):
            return self._answer(int(hub.fault))
        if hub.fault == "silent":
            time.sleep(TOO_LONG)
        if not any(key.startswith(f"{repository}@") for key in hub.revisions):
            return self._answer(404, {"X-Error-Code": "RepoNotFound"})
        if f"{repository}@{revision}" not in hub.revisions:
            return self._answer(404, {"X-Error-Code": "RevisionNotFound"})
        commit = hub.revisions[f"{repository}@{revision}"]
        headers = {"X-Repo-Commit": "../../../elsewhere" if hub.fault == "commit" else commit}
        if name not in hub.files[f"{repository}@{commit}"]:
            return self._answer(404, {"X-Error-Code": "EntryNotFound", **headers})
        data = hub.files[f"{repository}@{commit}"][name]
        size = str(10**15 if hub.fault == f"huge {name}" else len(data))
        if name.endswith(LARGE):
            headers |= {"X-Linked-ETag": f'"{sha256(data)}"', "X-Linked-Size": size}
            where = hub.url.replace("127.0.0.1", "localhost")
            return self._answer(302, {"Location": f"{where}/storage/{sha256(data)}", **headers})
        headers |= {"ETag": f'"{git_sha1(data)}"', "Content-Length": size}
        if head:
            return self._answer(200, headers)
        self._send(data, headers)

    def _send(self, data: bytes, headers: dict[str, str] | None = None) -> None:
        fault, half = self.hub.fault, len(data) // 2
        sent = {
            "damaged": data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :],
            "short": data[:half],
            "long": data + b"more",
        }.get(fault, data)
        self._answer(200, {**(headers or {}), "Content-Length": str(len(sent))})
        if fault == "cut":
            self.wfile.write(data[:half])
            return self.connection.close()
        if fault == "stalled":
            self.wfile.write(data[:half])
            time.sleep(TOO_LONG)
        self.wfile.write(sent)

    def _json(self, values: object, status: int = 200) -> None:
        data = json.dumps(values).encode()
        self._answer(status, {"Content-Type": "application/json", "Content-Length": str(len(data))})
        self.wfile.write(data)

    def _answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up in the middle is what some tests are about."""


@contextmanager
def serving() -> Iterator[StandIn]:
    """A stand-in that answers until the end."""
    hub = StandIn()
    server = Server(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
