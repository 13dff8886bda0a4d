# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench measures of what an image contains: packages, bills of materials, vulnerabilities."""
import hashlib
import io
import json
import os
import shutil
import tarfile

import advisories
from measuring import Failed, attempt, have, record, repeat, run, shell


class Contents:
    """An image of a store whose layers are taken in, and a database of advisories of its packages."""

    def __init__(self, cimg, work, image, megabytes, other=None):
        self.cimg, self.work, self.image, self.other = cimg, work, image, other
        self.root = os.path.join(work, "contents-store")
        self.ours("import", image.reference, "bench:contents")
        if other:
            self.ours("import", other.reference, "bench:other")
        found = json.loads(self.ours("packages", "--json", "bench:contents", capture=True)[2])
        self.packages = len(found["packages"])
        distribution = found.get("distribution", {})
        major = distribution.get("version", "").split(".")[0]
        names = {package.get("source", package["name"]) for package in found["packages"]}
        self.database = os.path.join(work, "trivy.db")
        advisories.write(self.database, megabytes, f"{distribution.get('id', 'debian')} {major}", names)

    def ours(self, *arguments, **options):
        return run([self.cimg, *arguments, "--root", self.root], **options)

    def descendant(self):
        """Takes in an image made of the first one, with a layer more: `bench:descendant`."""
        layout = os.path.join(self.work, "descendant")
        self.ours("copy", "bench:contents", f"oci:{layout}:base")

        def blob(digest):
            return os.path.join(layout, "blobs", *digest.split(":"))

        def add(data):
            digest = "sha256:" + hashlib.sha256(data).hexdigest()
            with open(blob(digest), "wb") as file:
                file.write(data)
            return digest, len(data)

        def read(digest):
            with open(blob(digest), "rb") as file:
                return json.load(file)

        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as layer:
            text = b"a file\n"
            member = tarfile.TarInfo("opt/bench")
            member.size = len(text)
            layer.addfile(member, io.BytesIO(text))
        layer, size = add(tar.getvalue())
        with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
            index = json.load(file)
        manifest = read(index["manifests"][0]["digest"])
        config = read(manifest["config"]["digest"])
        config["rootfs"]["diff_ids"].append(layer)
        config.pop("history", None)
        digest, length = add(json.dumps(config).encode())
        manifest["config"].update(digest=digest, size=length)
        kind = "docker.image.rootfs.diff.tar" if "docker" in manifest["config"]["mediaType"] else "oci.image.layer.v1.tar"
        manifest["layers"].append({"mediaType": f"application/vnd.{kind}", "digest": layer, "size": size})
        digest, length = add(json.dumps(manifest).encode())
        index["manifests"][0].update(digest=digest, size=length)
        with open(os.path.join(layout, "index.json"), "w", encoding="utf-8") as file:
            json.dump(index, file)
        self.ours("import", f"oci:{layout}:base", "bench:descendant")
        shutil.rmtree(layout, ignore_errors=True)

    def syft(self):
        """syft, and its own form of the image; None where either cannot be had."""
        program = os.environ.get("SYFT") or have("syft")
        if not program:
            return None
        archive = os.path.join(self.work, "contents.tar")
        made = attempt("syft's archive", lambda: self.ours(
            "copy", "bench:contents", f"docker-archive:{archive}:bench:contents"))
        return (program, archive) if made else None

    def measure(self, runs):
        def fresh(number):
            root = os.path.join(self.work, f"contents-{number}")
            self.ours_in(root, "import", self.image.reference, "bench:contents")
            result = self.ours_in(root, "packages", "bench:contents", peak=True)
            shutil.rmtree(root, ignore_errors=True)
            return result

        row = f"packages ({self.packages})"
        record(row, "cimg", repeat(runs, lambda _: self.ours("packages", "bench:contents", peak=True)))
        syft = self.syft()
        if syft:
            measured = attempt("syft", lambda: repeat(1, lambda _: shell(
                'SYFT_CHECK_FOR_APP_UPDATE=false exec "$1" -q "docker-archive:$2" -o syft-json', *syft, peak=True)))
            if measured:
                record(row, "syft", measured)
        measured = attempt("packages, first", lambda: repeat(min(runs, 3), fresh))
        if measured:
            record("packages, right after import", "cimg", measured)
        record("sbom --format cyclonedx", "cimg", repeat(
            runs, lambda _: self.ours("sbom", "bench:contents", peak=True)))
        size = os.path.getsize(self.database) >> 20
        def scan(number, forgets):
            if forgets:
                # What was found in the layers before is kept there.
                shutil.rmtree(os.path.join(self.root, "inventories"), ignore_errors=True)
            return self.ours("scan", "--db", self.database, "bench:contents", peak=True)

        record(f"scan, database of {size} MB", "cimg", repeat(runs, lambda number: scan(number, True)))
        record("scan, layers known", "cimg", repeat(runs, lambda number: scan(number, False)))
        def second(_):
            # The base's records are known, the image made of it is not.
            shutil.rmtree(os.path.join(self.root, "inventories"), ignore_errors=True)
            self.ours("scan", "--db", self.database, "bench:contents")
            return self.ours("scan", "--db", self.database, "bench:descendant", peak=True)

        if attempt("an image made of the first one", lambda: self.descendant() or True):
            record("scan, second image of a base", "cimg", repeat(runs, second))
        record("diff --packages, of one image", "cimg", repeat(
            runs, lambda _: self.ours("diff", "--packages", "bench:contents", "bench:contents", peak=True)))
        if not self.other:
            return
        # Something differs: that is an answer.
        record("diff --all, of two images", "cimg", repeat(runs, lambda _: self.ours(
            "diff", "--all", "bench:contents", "bench:other", peak=True, expect=(0, 1))))

    def ours_in(self, root, *arguments, **options):
        try:
            return run([self.cimg, *arguments, "--root", root], **options)
        except Failed:
            shutil.rmtree(root, ignore_errors=True)
            raise
