#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a database of advisories as large as real ones: scripts/advisories.py FILE MEGABYTES BUCKET [NAME...]

A bbolt database in trivy's schema 2, with invented advisories of the packages NAME and of many others in BUCKET
("debian 12"), and an invented text of some kilobytes for each vulnerability.
"""
import json
import struct
import sys

PAGE = 4096


class Bolt:
    """Writes a database bucket by bucket; values of one bucket may come from an iterator, sorted by their keys."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(bytes(3 * PAGE))
        self.next = 3

    def page(self, flags, count, body):
        number = self.next
        more = (16 + len(body) - 1) // PAGE
        data = struct.pack("<QHHI", number, flags, count, more) + body
        self.file.write(data + bytes(-len(data) % PAGE))
        self.next += 1 + more
        return number

    def leaf(self, items):
        heads, data = [], []
        place = 16 * len(items)
        for position, (key, value, is_bucket) in enumerate(items):
            heads.append(struct.pack("<IIII", is_bucket, place - 16 * position, len(key), len(value)))
            data += (key, value)
            place += len(key) + len(value)
        return self.page(2, len(items), b"".join(heads + data))

    def branch(self, children):
        heads, data = [], []
        place = 16 * len(children)
        for position, (key, page) in enumerate(children):
            heads.append(struct.pack("<IIQ", place - 16 * position, len(key), page))
            data.append(key)
            place += len(key)
        return self.page(1, len(children), b"".join(heads + data))

    @staticmethod
    def parts(items, size):
        part, filled = [], 16
        for item in items:
            if part and filled + size(item) > PAGE:
                yield part
                part, filled = [], 16
            part.append(item)
            filled += size(item)
        yield part

    def tree(self, items):
        """Writes a tree of (key, value, is bucket); gives the number of its root."""
        level = [(part[0][0] if part else b"", self.leaf(part))
                 for part in self.parts(items, lambda item: 16 + len(item[0]) + len(item[1]))]
        while len(level) > 1:
            level = [(part[0][0], self.branch(part)) for part in self.parts(level, lambda item: 16 + len(item[0]))]
        return level[0][1]

    def bucket(self, key, items):
        """Writes a bucket; gives its item in the bucket around it."""
        return key, struct.pack("<QQ", self.tree(items), 0), True

    def finish(self, buckets):
        root = self.tree(sorted(buckets))
        for number in (0, 1):
            meta = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, PAGE, 0, root, 0, 2, self.next, number + 1)
            digest = 0xCBF29CE484222325
            for byte in meta:
                digest = (digest ^ byte) * 0x100000001B3 & (1 << 64) - 1
            page = struct.pack("<QHHI", number, 4, 0, 0) + meta + struct.pack("<Q", digest)
            self.file.seek(number * PAGE)
            self.file.write(page + bytes(PAGE - len(page)))
        self.file.seek(2 * PAGE)
        self.file.write(struct.pack("<QHHI", 2, 16, 0, 0))
        self.file.close()


def write(path, megabytes, bucket, names):
    """Writes a database; each package has a dozen advisories, a quarter of them without a fix."""
    text = ("A flaw was found in the handling of input that somebody else controls. " * 17)
    count = max(1000, (megabytes << 20) // 2100)
    others = [f"other-package-{number}" for number in range(count // 40)]
    bolt = Bolt(path)

    def vulnerability(number):
        return json.dumps({
            "Title": f"package: flaw number {number}", "Description": text, "Severity": "MEDIUM",
            "CweIDs": ["CWE-787"], "VendorSeverity": {"nvd": number % 4 + 1}, "PublishedDate": "2026-01-02T03:04:05Z",
            "References": [f"https://example.org/advisory/{number}", f"https://example.org/commit/{number:040x}"],
        }).encode()

    def key(number):
        return f"CVE-2026-{number:07}".encode()

    vulnerabilities = bolt.bucket(
        b"vulnerability", ((key(number), vulnerability(number), False) for number in range(count)))
    packages = []
    for place, name in enumerate(sorted(set(names) | set(others), key=str.encode)):
        advisories = []
        for step in range(12):
            advisory = {"Severity": 2} if step % 4 == 0 and step < 4 else {"FixedVersion": f"{step}.0-1"}
            advisories.append((key((place * 12 + step) % count), json.dumps(advisory).encode(), False))
        packages.append(bolt.bucket(name.encode(), sorted(advisories)))
    source = (bucket.encode(), json.dumps({"ID": "debian", "Name": "Invented"}).encode(), False)
    bolt.finish([vulnerabilities, bolt.bucket(bucket.encode(), packages), bolt.bucket(b"data-source", [source])])


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    write(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:])
