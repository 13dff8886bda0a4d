#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an OCI layout with images of any size: scripts/growing_image.py DIR FILES [LAYERS] [--uncompressed]

Two tags: `a` has FILES small files in LAYERS layers, `b` has one layer more, which changes ten of them. Every layer but
the first also replaces one in a hundred files of the layer below. The same arguments give the same bytes.

Tars are put together from headers made by hand and contents cut from a pool: a million files take seconds where a
library would take minutes.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import random
import zlib

EPOCH = 1_700_000_000
IN_DIRECTORY = 11
CHANGES = 10
ROOTS = (b"usr/lib/python3/dist-packages", b"usr/share/doc", b"usr/lib/modules/6.1.0/kernel", b"usr/share/locale",
         b"usr/include", b"opt/app/node_modules", b"var/lib/data")
STEMS = (b"index", b"README", b"main", b"util", b"config", b"types", b"test_core", b"messages", b"license", b"helpers",
         b"__init__")
KINDS = (b"py", b"txt", b"so", b"json", b"h", b"conf", b"mo", b"js")

_OWNER = b"0000000\x000000000\0"
_TIME = b"%011o\0" % EPOCH
_TAIL = bytes(100) + b"ustar\x0000root".ljust(40, b"\0") + b"root".ljust(215, b"\0")
_FIXED = sum(_OWNER) + sum(_TIME) + sum(_TAIL) + 8 * 0x20


def header(name, size=0, mode=b"0000644\0", kind=b"0"):
    """A ustar header of root's; the name has at most 100 bytes."""
    digits = b"%011o\0" % size
    checksum = _FIXED + sum(name) + sum(mode) + sum(digits) + kind[0]
    return b"%b%b%b%b%b%06o\0 %b%b" % (name.ljust(100, b"\0"), mode, _OWNER, digits, _TIME, checksum, kind, _TAIL)


def pool():
    """What contents are cut from: noise and text."""
    generator = random.Random(7)
    line = b"the quick brown fox jumps over the lazy dog, again and again\n"
    return b"".join(generator.randbytes(48) + line * 2 for _ in range(2048))


POOL = pool()


def file(directory, position, number, version=0):
    """A file's entry with its content, padded."""
    name = b"%b/%b_%02d.%b" % (directory, STEMS[position], position, KINDS[number % len(KINDS)])
    size = (number * 2654435761 >> 12) % 900
    start = (number * 40503 + version * 977) % (len(POOL) - 2048)
    data = POOL[start:start + size] + b"%d.%d\n" % (number, version)
    return header(name, len(data)) + data + bytes(-len(data) % 512)


def path(number):
    """The path of the directory of a number: packages of up to 40 parts below a few roots."""
    group, part = divmod(number // len(ROOTS), 40)
    return b"%b/package-%05d/part%02d" % (ROOTS[number % len(ROOTS)], group, part)


def directories(below, number):
    """The entries of a directory and of those above it that its layer does not have yet."""
    text, place = b"", 0
    whole = path(number) + b"/"
    while (place := whole.find(b"/", place) + 1) > 0:
        if whole[:place] not in below:
            below.add(whole[:place])
            text += header(whole[:place], 0, b"0000755\0", b"5")
    return text


def contents(files, numbers, below):
    """The pieces of a layer's tar: the files of some directories, and changed ones of those below."""
    seen = set()
    for number in below:
        yield file(path(number), 0, number * IN_DIRECTORY, 1)
    for number in numbers:
        first = number * IN_DIRECTORY
        yield directories(seen, number) + b"".join(
            file(path(number), position, first + position)
            for position in range(min(IN_DIRECTORY, files - first)))


def write_layer(root, number, pieces, compressed):
    """Writes a layer's blob: (its descriptor, its diff ID)."""
    place = os.path.join(root, "blobs/sha256", f"part-{number}")
    packer = zlib.compressobj(1, zlib.DEFLATED, 31) if compressed else None
    plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
    with open(place, "wb") as output:
        def put(data):
            nonlocal size
            plain.update(data)
            if packer:
                data = packer.compress(data)
                packed.update(data)
            size += output.write(data)

        waiting, count = [], 0
        for piece in pieces:
            waiting.append(piece)
            count += len(piece)
            if count > 1 << 20:
                put(b"".join(waiting))
                waiting, count = [], 0
        put(b"".join(waiting) + bytes(1024))
        if packer:
            rest = packer.flush()
            packed.update(rest)
            size += output.write(rest)
    digest = (packed if packer else plain).hexdigest()
    os.rename(place, os.path.join(root, "blobs/sha256", digest))
    kind = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if packer else "")
    return {"mediaType": kind, "digest": "sha256:" + digest, "size": size}, "sha256:" + plain.hexdigest()


def make_layer(root, number, files, layers, compressed):
    count = -(-files // IN_DIRECTORY)
    if number == layers:  # what the second image changes
        pieces = (file(path(place), 1, place * IN_DIRECTORY + 1, 2)
                  for place in (change * (count - 1) // CHANGES for change in range(CHANGES)))
    else:
        start, end = number * count // layers, (number + 1) * count // layers
        below = range((number - 1) * count // layers, start, 100 // IN_DIRECTORY) if number else ()
        pieces = contents(files, range(start, end), below)
    return write_layer(root, number, pieces, compressed)


def make(root, files, layers=1, compressed=True):
    """Writes the layout with its two images."""
    os.makedirs(os.path.join(root, "blobs/sha256"), exist_ok=True)
    with open(os.path.join(root, "oci-layout"), "w") as output:
        output.write('{"imageLayoutVersion":"1.0.0"}')
    with concurrent.futures.ProcessPoolExecutor() as workers:
        made = list(workers.map(make_layer, *zip(*(
            (root, number, files, layers, compressed) for number in range(layers + 1)))))

    def document(value, kind):
        data = json.dumps(value, sort_keys=True).encode()
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(root, "blobs/sha256", digest), "wb") as output:
            output.write(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}.v1+json", "digest": "sha256:" + digest,
                "size": len(data)}

    manifests = []
    for tag, count in (("a", layers), ("b", layers + 1)):
        config = document({"architecture": "amd64", "os": "linux", "created": "2023-11-14T22:13:20Z", "config": {},
                           "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in made[:count]]}},
                          "config")
        manifest = document({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                             "config": config, "layers": [layer for layer, _ in made[:count]]}, "manifest")
        manifests.append(manifest | {"annotations": {"org.opencontainers.image.ref.name": tag}})
    with open(os.path.join(root, "index.json"), "w") as output:
        json.dump({"schemaVersion": 2, "manifests": manifests}, output)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("directory")
    parser.add_argument("files", type=int)
    parser.add_argument("layers", type=int, nargs="?", default=1)
    parser.add_argument("--uncompressed", action="store_true")
    options = parser.parse_args()
    if not (options.files >= CHANGES * IN_DIRECTORY and 1 <= options.layers <= options.files // IN_DIRECTORY):
        parser.error(f"at least {CHANGES * IN_DIRECTORY} files and {IN_DIRECTORY} for each layer")
    make(options.directory, options.files, options.layers, not options.uncompressed)


if __name__ == "__main__":
    main()
