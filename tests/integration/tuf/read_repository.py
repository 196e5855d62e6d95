"""Reads a repository of ours with python3-tuf.

read_repository.py ROOT_FILE METADATA_URL TARGETS_URL FOLDER: trusts ROOT_FILE, refreshes, downloads the manifest and
every target that it names into FOLDER, and prints their names and custom data, one per line.
"""

import json
import pathlib
import shutil
import sys

from tuf.ngclient import Updater

root_file, metadata_url, targets_url, folder = sys.argv[1:5]
folder = pathlib.Path(folder)
(folder / "metadata").mkdir(parents=True)
(folder / "targets").mkdir()
shutil.copy(root_file, folder / "metadata/root.json")
updater = Updater(str(folder / "metadata"), metadata_url, str(folder / "targets"), targets_url)
updater.refresh()


def download(name):
    info = updater.get_targetinfo(name)
    if info is None:
        sys.exit(f"no target {name}")
    path = updater.download_target(info)
    print(name, json.dumps(info.unrecognized_fields.get("custom"), sort_keys=True))
    return pathlib.Path(path)


manifest = json.loads(download("manifest.json").read_text())
for update in manifest["updates"]:
    for name in update["images"].values():
        download(name)
