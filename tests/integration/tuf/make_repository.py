"""Makes a TUF repository with python3-tuf, for our client to read.

make_repository.py FOLDER KEYTYPE CONSISTENT: KEYTYPE is ed25519, rsa or ecdsa; CONSISTENT is yes or no.
FOLDER gets metadata/ and targets/. The target "plain.txt" is listed by the top-level role, "parts/a b.bin"
by a role that is delegated to by path, "hashed" by one that is delegated to by hash.
"""

import datetime
import hashlib
import pathlib
import sys

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

folder = pathlib.Path(sys.argv[1])
consistent = sys.argv[3] == "yes"
new_signer = {
    "ed25519": CryptoSigner.generate_ed25519,
    "rsa": CryptoSigner.generate_rsa,
    "ecdsa": CryptoSigner.generate_ecdsa,
}[sys.argv[2]]
expires = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=1)
for name in ("metadata", "targets"):
    (folder / name).mkdir(parents=True)


def add_target(targets, name, content):
    targets.targets[name] = TargetFile.from_data(name, content, ["sha256", "sha512"])
    path = folder / "targets" / name
    if consistent:
        path = path.with_name(hashlib.sha256(content).hexdigest() + "." + path.name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def publish(name, signed, signers):
    metadata = Metadata(signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    data = metadata.to_bytes(JSONSerializer(compact=False))
    versioned = name == "root" or (consistent and name != "timestamp")
    file = f"{signed.version}.{name}.json" if versioned else f"{name}.json"
    (folder / "metadata" / file).write_bytes(data)
    return MetaFile.from_data(signed.version, data, ["sha256"])


signers = {role: [new_signer()] for role in ("root", "timestamp", "snapshot", "targets", "path", "hash")}
signers["root"].append(new_signer())

root = Root(expires=expires, consistent_snapshot=consistent)
for role in ("root", "timestamp", "snapshot", "targets"):
    for signer in signers[role]:
        root.add_key(signer.public_key, role)
root.roles["root"].threshold = 2
root.unrecognized_fields["x-unknown"] = {"text": 'quote " and back\\slash, é'}
publish("root", root, signers["root"])
root.version = 2
publish("root", root, signers["root"])

targets = Targets(expires=expires)
add_target(targets, "plain.txt", b"listed by the top-level role\n")
targets.targets["plain.txt"].unrecognized_fields["custom"] = {"variant": "metal"}
prefix = hashlib.sha256(b"hashed").hexdigest()[:2]
targets.delegations = Delegations(
    {},
    roles={
        "path": DelegatedRole("path", [], 1, True, paths=["parts/*"]),
        "hash": DelegatedRole("hash", [], 1, False, path_hash_prefixes=[prefix]),
    },
)
for role in ("path", "hash"):
    targets.add_key(signers[role][0].public_key, role)
by_path = Targets(expires=expires)
add_target(by_path, "parts/a b.bin", bytes(range(256)) * 1000)
by_hash = Targets(expires=expires)
add_target(by_hash, "hashed", b"")

snapshot = Snapshot(expires=expires)
for role, content in (("targets", targets), ("path", by_path), ("hash", by_hash)):
    snapshot.meta[f"{role}.json"] = publish(role, content, signers[role])
timestamp = Timestamp(expires=expires)
timestamp.snapshot_meta = publish("snapshot", snapshot, signers["snapshot"])
publish("timestamp", timestamp, signers["timestamp"])
