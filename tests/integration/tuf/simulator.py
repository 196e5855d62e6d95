"""A TUF repository in memory, served over loopback, that a test may spoil as it likes.

Metadata are objects of python3-tuf: change them, then `publish` what changed. `bytes_of` overrides what is served under
a name. `Client` runs tuf-client on it and tells what it has come to trust.
"""

import copy
import datetime
import hashlib
import http.server
import json
import pathlib
import subprocess
import threading
import urllib.parse

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

ROLES = ("root", "timestamp", "snapshot", "targets")


def in_days(days):
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=days)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # The client has heard enough and closed the connection.


class Repository:
    """Version 1 of everything, with one Ed25519 key for each role, consistent snapshots, hashes and lengths."""

    def __init__(self, consistent=True):
        self.files = {}  # What is served, by name below metadata/ or targets/.
        self.requests = []
        self.announces_hashes = True
        expires = in_days(1)
        self.root = Root(expires=expires, consistent_snapshot=consistent)
        self.timestamp = Timestamp(expires=expires)
        self.snapshot = Snapshot(expires=expires)
        self.targets = Targets(expires=expires)
        self.delegated = {}
        self.signers = {}
        for role in ROLES:
            self.add_key(role)
        self.publish_root()
        self.publish()
        repository = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                # Kept encoded: a client that does not encode names as we do asks for another file.
                name = self.path.lstrip("/")
                repository.requests.append(name)
                data = repository.files.get(name)
                self.send_response(404 if data is None else 200)
                body = data if data is not None else b"nothing here"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # Keys.

    def add_key(self, role, delegator=None, signer=None):
        signer = signer or CryptoSigner.generate_ed25519()
        (delegator or self.root).add_key(signer.public_key, role)
        self.signers.setdefault(role, []).append(signer)
        return signer

    def drop_key(self, role, delegator=None):
        signer = self.signers[role].pop(0)
        (delegator or self.root).revoke_key(signer.public_key.keyid, role)
        return signer

    # What is served.

    def bytes_of(self, role, signed, signers=None):
        metadata = Metadata(copy.deepcopy(signed))
        for signer in self.signers[role] if signers is None else signers:
            metadata.sign(signer, append=True)
        return metadata.to_bytes(JSONSerializer(compact=False))

    def put_metadata(self, role, version, data):
        name = urllib.parse.quote(role, safe="")
        self.files[f"metadata/{name}.json" if version is None else f"metadata/{version}.{name}.json"] = data

    def meta_of(self, version, data):
        return MetaFile.from_data(version, data, ["sha256"]) if self.announces_hashes else MetaFile(version)

    def in_name(self, version):
        return version if self.root.consistent_snapshot else None

    def publish_root(self, signers=None):
        self.put_metadata("root", self.root.version, self.bytes_of("root", self.root, signers))

    def publish_targets(self):
        for role, signed in [("targets", self.targets), *self.delegated.items()]:
            data = self.bytes_of(role, signed)
            self.put_metadata(role, self.in_name(signed.version), data)
            self.snapshot.meta[f"{role}.json"] = self.meta_of(signed.version, data)

    def publish_snapshot(self):
        data = self.bytes_of("snapshot", self.snapshot)
        self.put_metadata("snapshot", self.in_name(self.snapshot.version), data)
        self.timestamp.snapshot_meta = self.meta_of(self.snapshot.version, data)

    def publish_timestamp(self):
        self.put_metadata("timestamp", None, self.bytes_of("timestamp", self.timestamp))

    def publish(self):
        self.publish_targets()
        self.publish_snapshot()
        self.publish_timestamp()

    def publish_next(self):
        for signed in (self.targets, self.snapshot, self.timestamp, *self.delegated.values()):
            signed.version += 1
        self.publish()

    def publish_next_root(self, signers=None):
        self.root.version += 1
        self.publish_root(signers)

    def add_target(self, name, content, role=None):
        target = TargetFile.from_data(name, content, ["sha256"])
        (role or self.targets).targets[name] = target
        folder, _, last = name.rpartition("/")
        if self.root.consistent_snapshot:
            last = f"{hashlib.sha256(content).hexdigest()}.{last}"
        path = f"{folder}/{last}" if folder else last
        self.files["targets/" + urllib.parse.quote(path)] = content
        return target

    def delegate(self, delegator, role, terminating=False, paths=None, prefixes=None):
        if delegator.delegations is None:
            delegator.delegations = Delegations({}, roles={})
        if paths is None and prefixes is None:
            paths = ["*"]
        delegator.delegations.roles[role] = DelegatedRole(
            role, [], 1, terminating, paths=paths, path_hash_prefixes=prefixes
        )
        self.delegated.setdefault(role, Targets(expires=in_days(1)))
        self.add_key(role, delegator)
        return self.delegated[role]


class Client:
    """tuf-client with a metadata folder of its own, which trusts the repository's first root."""

    def __init__(self, program, repository, folder):
        self.program = program
        self.repository = repository
        self.metadata = pathlib.Path(folder) / "metadata"
        self.targets = pathlib.Path(folder) / "targets"
        root = pathlib.Path(folder) / "first-root.json"
        root.write_bytes(repository.files["metadata/1.root.json"])
        assert self.run("init", str(root)) == 0

    def run(self, *arguments):
        self.repository.requests.clear()
        done = subprocess.run(
            [
                self.program,
                "--metadata-dir", str(self.metadata),
                "--metadata-url", self.repository.url + "/metadata",
                "--target-dir", str(self.targets),
                "--target-base-url", self.repository.url + "/targets",
                *arguments,
            ],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
        )
        self.said = done.stderr
        assert done.returncode in (0, 1), done.stderr  # Anything else: it crashed.
        return done.returncode

    def refresh(self):
        return self.run("refresh") == 0

    def download(self, *names):
        options = [option for name in names for option in ("--target-name", name)]
        return self.run(*options, "download") == 0

    def version_of(self, role):
        file = self.metadata / f"{urllib.parse.quote(role, safe='')}.json"
        return json.loads(file.read_text())["signed"]["version"] if file.exists() else None

    def trusts(self):
        """The versions of root, timestamp, snapshot and targets."""
        return [self.version_of(role) for role in ROLES]

    def asked(self):
        """What was asked for last, by names without their folder."""
        return [name.rpartition("/")[2] for name in self.repository.requests]
