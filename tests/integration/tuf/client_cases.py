"""What a client of The Update Framework must do, tried on tuf-client over HTTP with repositories that python3-tuf signs.

The § are of the specification 1.0.x. Run by pytest; TUF_CLIENT names the program.
"""

import copy
import hashlib
import json
import os

import pytest
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from simulator import Client, Repository, in_days


@pytest.fixture
def repository():
    made = Repository()
    yield made
    made.close()


@pytest.fixture
def client(repository, tmp_path):
    return Client(os.environ["TUF_CLIENT"], repository, tmp_path)


# The order of a refresh (§5.3 to §5.6).


def test_asks_in_order_and_for_nothing_twice(client):
    assert client.refresh()
    assert client.asked() == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    assert client.trusts() == [1, 1, 1, 1]
    assert client.refresh()
    assert client.asked() == ["2.root.json", "timestamp.json"]


def test_init_asks_for_nothing(repository, client):
    assert repository.requests == []
    assert client.trusts() == [1, None, None, None]


def test_first_root_must_be_signed_by_itself(repository, client, tmp_path):
    root = tmp_path / "other.json"
    root.write_bytes(repository.bytes_of("root", repository.root, [CryptoSigner.generate_ed25519()]))
    assert client.run("init", str(root)) == 1


def test_names_without_versions(tmp_path):
    repository = Repository(consistent=False)
    repository.add_target("x", b"plain")
    repository.publish_next()
    client = Client(os.environ["TUF_CLIENT"], repository, tmp_path)
    assert client.download("x")
    assert client.asked() == ["2.root.json", "timestamp.json", "snapshot.json", "targets.json", "x"]
    repository.close()


def test_repository_that_announces_no_hashes(repository, client):
    repository.announces_hashes = False
    repository.publish_next()
    assert client.refresh()
    assert client.trusts() == [1, 2, 2, 2]


def test_unknown_members_count_in_what_is_signed(repository, client):
    for signed in (repository.root, repository.timestamp, repository.snapshot, repository.targets):
        signed.unrecognized_fields["x-note"] = {"text": 'quote " backslash \\ é', "list": [1, None, True]}
    repository.publish_next_root()
    repository.publish_next()
    assert client.refresh()
    repository.timestamp.version += 1
    repository.publish_timestamp()
    changed = repository.files["metadata/timestamp.json"].replace(b"x-note", b"x-nope")
    repository.files["metadata/timestamp.json"] = changed
    assert not client.refresh()


# Roots (§5.3).


def test_roots_are_followed_one_by_one(repository, client):
    for _ in range(3):
        repository.publish_next_root()
    assert client.refresh()
    assert client.trusts()[0] == 4
    assert client.asked()[:4] == ["2.root.json", "3.root.json", "4.root.json", "5.root.json"]


def test_root_key_is_replaced_by_old_and_new(repository, client):
    repository.add_key("root")
    old = repository.drop_key("root")
    new = repository.signers["root"]
    repository.publish_next_root(new)
    assert not client.refresh(), "the old key has not signed"
    repository.publish_root([old])
    assert not client.refresh(), "the new key has not signed"
    repository.publish_root([old, *new])
    assert client.refresh()
    assert client.trusts()[0] == 2


def test_what_was_followed_before_a_bad_root_is_kept(repository, client):
    repository.publish_next_root()
    repository.publish_next_root([CryptoSigner.generate_ed25519()])
    assert not client.refresh()
    assert client.trusts() == [2, None, None, None]


@pytest.mark.parametrize("version", [1, 3])
def test_root_of_another_version_than_its_name(repository, client, version):
    repository.root.version = version
    repository.put_metadata("root", 2, repository.bytes_of("root", repository.root))
    assert not client.refresh()
    assert client.trusts()[0] == 1


def test_intermediate_root_may_have_expired(repository, client):
    repository.root.expires = in_days(-5)
    repository.publish_next_root()
    assert not client.refresh(), "it is the last"
    repository.root.expires = in_days(1)
    repository.publish_next_root()
    assert client.refresh()
    assert client.trusts()[0] == 3


def test_role_without_its_signers(repository, client):
    for role in ("timestamp", "snapshot", "targets"):
        repository.add_key(role)
        repository.drop_key(role)
    repository.publish_next_root()
    repository.publish_next()
    assert client.refresh()
    assert client.trusts() == [2, 2, 2, 2]


# Signatures and thresholds (§5.2, §4.2).


@pytest.mark.parametrize("make", [CryptoSigner.generate_ed25519, CryptoSigner.generate_rsa, CryptoSigner.generate_ecdsa])
def test_kinds_of_keys(repository, client, make):
    for role in ("timestamp", "snapshot", "targets"):
        repository.add_key(role, signer=make())
        repository.drop_key(role)
    repository.publish_next_root()
    repository.publish_next()
    assert client.refresh()


def refuses_timestamp(repository, client, signers):
    repository.timestamp.version += 1
    repository.put_metadata("timestamp", None, repository.bytes_of("timestamp", repository.timestamp, signers))
    return not client.refresh()


def test_threshold(repository, client):
    for _ in range(2):
        repository.add_key("timestamp")
    repository.root.roles["timestamp"].threshold = 2
    repository.publish_next_root()
    signers = repository.signers["timestamp"]
    stranger = CryptoSigner.generate_ed25519()
    assert refuses_timestamp(repository, client, [])
    assert refuses_timestamp(repository, client, signers[:1])
    assert refuses_timestamp(repository, client, [signers[0], stranger])
    assert not refuses_timestamp(repository, client, [stranger, signers[0], signers[2]])


def test_threshold_that_no_keys_can_reach(repository, client):
    repository.root.roles["snapshot"].threshold = 5
    repository.publish_next_root()
    assert not client.refresh()


def test_one_key_under_two_ids_is_one(repository, client):
    key = repository.signers["timestamp"][0].public_key
    alias = copy.deepcopy(key)
    alias.keyid = "a" * 64
    repository.root.add_key(alias, "timestamp")
    repository.root.roles["timestamp"].threshold = 2
    repository.publish_next_root()
    data = json.loads(repository.bytes_of("timestamp", repository.timestamp))
    data["signatures"].append({"keyid": alias.keyid, "sig": data["signatures"][0]["sig"]})
    repository.put_metadata("timestamp", None, json.dumps(data).encode())
    assert not client.refresh()


def test_signature_of_one_key_twice(repository, client):
    data = json.loads(repository.files["metadata/timestamp.json"])
    data["signatures"] *= 2
    repository.put_metadata("timestamp", None, json.dumps(data).encode())
    assert not client.refresh()


def test_keys_of_unknown_kinds_count_nothing(repository, client):
    extra = repository.add_key("timestamp")
    key = repository.root.keys[extra.public_key.keyid]
    key.keytype = key.scheme = "something-new"
    repository.publish_next_root()
    repository.publish_next()
    assert client.refresh()
    repository.root.roles["timestamp"].threshold = 2
    repository.publish_next_root()
    assert refuses_timestamp(repository, client, repository.signers["timestamp"])


# Going back (§5.4.3, §5.5.5, §5.6.4).


def test_timestamp_goes_back(repository, client):
    before = repository.files["metadata/timestamp.json"]
    repository.publish_next()
    assert client.refresh()
    repository.files["metadata/timestamp.json"] = before
    assert not client.refresh()
    assert client.trusts() == [1, 2, 2, 2]


def test_timestamp_of_the_same_version_is_not_taken(repository, client):
    assert client.refresh()
    kept = (client.metadata / "timestamp.json").read_bytes()
    repository.timestamp.expires = in_days(2)
    repository.publish_timestamp()
    assert client.refresh()
    assert (client.metadata / "timestamp.json").read_bytes() == kept


def test_timestamp_names_an_older_snapshot(repository, client):
    repository.publish_next()
    assert client.refresh()
    repository.snapshot.version = 1
    repository.timestamp.version += 1
    repository.publish_snapshot()
    repository.publish_timestamp()
    assert not client.refresh()
    assert client.trusts() == [1, 2, 2, 2]


def test_snapshot_names_older_targets(repository, client):
    repository.publish_next()
    assert client.refresh()
    repository.targets.version = 1
    repository.snapshot.version += 1
    repository.timestamp.version += 1
    repository.publish()
    assert not client.refresh()
    assert client.trusts()[2:] == [2, 2]


def test_snapshot_forgets_a_role(repository, client):
    repository.delegate(repository.targets, "a")
    repository.publish_next()
    assert client.refresh()
    repository.snapshot.version += 1
    repository.timestamp.version += 1
    del repository.snapshot.meta["a.json"]
    repository.publish_snapshot()
    repository.publish_timestamp()
    assert not client.refresh()


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_fast_forward_is_recovered_from_by_taking_a_key_away(repository, client, role):
    for online in ("timestamp", "snapshot"):
        repository.add_key(online)
    repository.publish_next_root()
    for signed in (repository.targets, repository.snapshot, repository.timestamp):
        signed.version = 99_999
    repository.publish()
    assert client.refresh()
    for signed in (repository.targets, repository.snapshot, repository.timestamp):
        signed.version = 1
    repository.publish()
    assert not client.refresh()
    repository.drop_key(role)
    repository.publish_next_root()
    repository.publish()
    assert client.refresh()
    assert client.trusts() == [3, 1, 1, 1]


# Other bytes than announced (§5.5.2, §5.6.2).


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_bytes_with_another_hash(repository, client, role):
    name = f"metadata/1.{role}.json"
    # As long as announced, and signed: only the hash tells.
    repository.files[name] = repository.files[name].replace(b"\n", b" ", 1)
    assert not client.refresh()
    assert client.version_of(role) is None


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_more_bytes_than_announced(repository, client, role):
    repository.files[f"metadata/1.{role}.json"] += b" "
    assert not client.refresh()
    assert client.version_of(role) is None


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_another_version_than_announced(repository, client, role):
    repository.announces_hashes = False
    repository.publish_next()
    repository.files[f"metadata/2.{role}.json"] = repository.files[f"metadata/1.{role}.json"]
    assert not client.refresh()
    assert client.version_of(role) is None


def test_role_that_the_snapshot_does_not_list(repository, client):
    del repository.snapshot.meta["targets.json"]
    repository.snapshot.version += 1
    repository.timestamp.version += 1
    repository.publish_snapshot()
    repository.publish_timestamp()
    assert not client.refresh()


@pytest.mark.parametrize("role", ["2.root", "timestamp", "1.snapshot", "1.targets"])
@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"signed": {}, "signatures": []}', b"\xff\xfe", b"[" * 100_000],
    ids=["nothing", "object", "list", "hollow", "no text", "deep"],
)
def test_what_is_no_metadata(repository, client, role, data):
    repository.announces_hashes = False
    repository.publish()
    repository.files[f"metadata/{role}.json"] = data
    assert not client.refresh()


def test_endless_metadata_are_not_swallowed(repository, client):
    repository.files["metadata/timestamp.json"] = b" " * (2 << 20)
    assert not client.refresh()
    assert client.trusts() == [1, None, None, None]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_document_of_another_type(repository, client, role):
    other = repository.snapshot if role != "snapshot" else repository.targets
    repository.announces_hashes = False
    repository.publish()
    data = repository.bytes_of(role, other)
    repository.put_metadata(role, None if role == "timestamp" else 1, data)
    assert not client.refresh()


# Expiry (§5.3.10, §5.4.4, §5.5.6, §5.6.5).


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_expired(repository, client, role):
    signed = getattr(repository, role)
    signed.expires = in_days(-1)
    if role == "root":
        repository.publish_next_root()
    repository.publish_next()
    assert not client.refresh()
    assert client.version_of(role) == (2 if role == "root" else None)


def test_what_comes_after_expired_metadata(repository, client):
    repository.timestamp.expires = in_days(-1)
    repository.publish_next()
    assert not client.refresh()
    repository.timestamp.expires = in_days(1)
    repository.publish_next()
    assert client.refresh()
    assert client.trusts() == [1, 3, 3, 3]


# What is kept between runs.


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_broken_cache_is_mended(repository, client, role):
    assert client.refresh()
    (client.metadata / f"{role}.json").write_text("broken")
    assert client.refresh()
    assert client.trusts() == [1, 1, 1, 1]


def test_goes_on_after_it_stopped_half_way(repository, client):
    snapshot = repository.files.pop("metadata/1.snapshot.json")
    assert not client.refresh()
    assert client.trusts() == [1, 1, None, None]
    repository.files["metadata/1.snapshot.json"] = snapshot
    assert client.refresh()
    assert client.trusts() == [1, 1, 1, 1]


# Targets (§5.7).


def test_target_is_fetched_once(repository, client):
    repository.add_target("folder/file name", b"content")
    repository.publish_next()
    assert client.download("folder/file name")
    assert (client.targets / "folder%2Ffile%20name").read_bytes() == b"content"
    assert client.download("folder/file name")
    assert client.asked() == ["2.root.json", "timestamp.json"]


@pytest.mark.parametrize(
    "served",
    [b"", b"conten", b"contenu", b"content!", b"x" * 1_000_000],
    ids=["nothing", "shorter", "other", "longer", "far longer"],
)
def test_target_of_other_bytes(repository, client, served):
    repository.add_target("file", b"content")
    repository.publish_next()
    repository.files[f"targets/{hashlib.sha256(b'content').hexdigest()}.file"] = served
    assert not client.download("file")
    assert not (client.targets / "file").exists()


def test_unknown_target(client):
    assert not client.download("nothing")


def test_all_hashes_must_hold(repository, client):
    target = repository.add_target("file", b"content")
    target.hashes["sha512"] = "0" * 128
    repository.publish_next()
    assert not client.download("file")


# Delegations (§5.6.7).


def order(client):
    return [name.partition(".")[2].removesuffix(".json") for name in client.asked() if name.startswith("1.")]


def test_delegations_are_asked_depth_first(repository, client):
    a = repository.delegate(repository.targets, "a")
    repository.delegate(repository.targets, "b")
    repository.delegate(a, "c")
    repository.delegate(a, "elsewhere", paths=["other-*"])
    repository.add_target("file", b"content", repository.delegated["b"])
    repository.publish()
    assert client.download("file")
    assert order(client)[2:5] == ["a", "c", "b"]


def test_terminating_delegation_ends_the_search(repository, client):
    a = repository.delegate(repository.targets, "a")
    repository.delegate(repository.targets, "b")
    repository.delegate(a, "c", terminating=True)
    repository.delegate(a, "d")
    repository.add_target("file", b"content", repository.delegated["b"])
    repository.publish()
    assert not client.download("file")
    assert order(client)[2:] == ["a", "c"]


def test_delegations_in_a_circle(repository, client):
    a = repository.delegate(repository.targets, "a")
    b = repository.delegate(a, "b")
    b.delegations = copy.deepcopy(repository.targets.delegations)
    repository.publish()
    assert not client.download("file")
    assert order(client)[2:] == ["a", "b"]


def test_search_has_an_end(repository, client):
    for number in range(40):
        repository.delegate(repository.targets, f"role{number}")
    repository.add_target("file", b"content", repository.delegated["role39"])
    repository.publish()
    assert not client.download("file")
    assert len(order(client)[2:]) <= 32


@pytest.mark.parametrize(
    "pattern, name, matches",
    [
        ("*.txt", "a.txt", True),
        ("*.txt", "folder/a.txt", False),
        ("folder/*.txt", "folder/a.txt", True),
        ("a?", "ab", True),
        ("a?", "a", False),
        ("*", "folder/a", False),
    ],
)
def test_paths_of_delegations(repository, client, pattern, name, matches):
    role = repository.delegate(repository.targets, "a", paths=[pattern])
    repository.add_target(name, b"content", role)
    repository.publish()
    assert client.download(name) == matches


def test_delegation_by_hash_of_the_name(repository, client):
    digest = hashlib.sha256(b"file").hexdigest()
    other = "0" if digest[0] != "0" else "1"
    repository.delegate(repository.targets, "other", prefixes=[other])
    role = repository.delegate(repository.targets, "right", prefixes=[digest[:2]])
    repository.add_target("file", b"content", role)
    repository.publish()
    assert client.download("file")
    assert order(client)[2] == "right"


def test_delegation_is_signed_by_whom_the_delegator_names(repository, client):
    role = repository.delegate(repository.targets, "a")
    repository.add_target("file", b"content", role)
    repository.signers["a"] = [CryptoSigner.generate_ed25519()]
    repository.publish()
    assert not client.download("file")


@pytest.mark.parametrize("name", ["../a", "a/b", ".", "a b?#%", "é"])
def test_names_of_roles_stay_in_their_folder(repository, client, name):
    role = repository.delegate(repository.targets, name)
    repository.add_target("file", b"content", role)
    repository.publish()
    outside = {path for path in client.metadata.parent.rglob("*")}
    assert client.download("file")
    assert client.version_of(name) == 1
    new = {path for path in client.metadata.parent.rglob("*")} - outside
    assert all(path.parent in (client.metadata, client.targets) or path == client.targets for path in new)


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_nobody_delegates_to_a_role_of_the_root(repository, client, role):
    data = json.loads(repository.bytes_of("targets", repository.targets))
    data["signed"]["delegations"] = {
        "keys": {},
        "roles": [{"name": role, "keyids": [], "threshold": 1, "terminating": False, "paths": ["*"]}],
    }
    # python3-tuf refuses to make such a document, so it is put together by hand.
    signer = repository.signers["targets"][0]
    signature = signer.sign(encode_canonical(data["signed"]).encode())
    data["signatures"] = [{"keyid": signature.keyid, "sig": signature.signature}]
    repository.announces_hashes = False
    repository.publish()
    repository.put_metadata("targets", 1, json.dumps(data).encode())
    assert not client.refresh()
    assert "delegated" in client.said
