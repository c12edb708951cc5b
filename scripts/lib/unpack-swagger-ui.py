"""unpack-swagger-ui.py WHEEL FOLDER: copies the files that the API page needs out of the wheel, flat, into FOLDER."""

import fnmatch
import pathlib
import sys
import zipfile

WANTED = ("LICENSE", "favicon-*.png", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js")
REQUIRED = {"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js"}

wheel, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True)
found = set()
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.namelist():
        parent, _, name = entry.rpartition("/")
        if parent.endswith("/swagger-ui-dist") and any(fnmatch.fnmatch(name, pattern) for pattern in WANTED):
            (folder / name).write_bytes(archive.read(entry))
            found.add(name)
if not REQUIRED <= found:
    sys.exit(f"The wheel has no {', '.join(sorted(REQUIRED - found))}.")
