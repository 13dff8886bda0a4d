# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench measures with: commands with their times and peaks, what was measured, images on disk."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TIME = shutil.which("time")
ROWS = []  # {"row", "tool", "seconds": [...], "peak_kib"} in the order measured
NOTES = []


class Failed(Exception):
    """A command that ended otherwise than expected."""


def note(text):
    text = " ".join(text.split())[:300]
    NOTES.append(text)
    print(f"  note: {text}", file=sys.stderr)


def run(command, expect=(0,), capture=False, peak=False):
    """Runs a command to its end: (seconds, peak KiB of its largest process or 0, output).

    A process inherits the peak of the one that started it, here this interpreter's: so peaks are taken by time(1),
    which is smaller than anything measured.
    """
    os.sync()  # what the run before left for the disk is not this one's burden
    with tempfile.TemporaryFile() as errors, tempfile.NamedTemporaryFile() as usage:
        words = [TIME, "-q", "-f", "%M", "-o", usage.name, *command] if peak and TIME else command
        output = subprocess.PIPE if capture else subprocess.DEVNULL
        began = time.perf_counter()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        text = process.stdout.read() if capture else b""
        code = process.wait()
        seconds = time.perf_counter() - began
        if code not in expect:
            errors.seek(0)
            raise Failed(f"{' '.join(command)[:120]}: exit {code}: "
                         f"{errors.read().decode(errors='replace').strip()[-300:]}")
        kibibytes = int(usage.read() or 0) if words is not command else 0
    return seconds, kibibytes, text.decode(errors="replace")


def unmount_below(directory):
    """Unmounts what is mounted at or below a directory, the newest first."""
    with open("/proc/self/mountinfo", "rb") as file:
        places = [line.split()[4].decode("unicode_escape").encode("latin-1") for line in file]
    for place in reversed(places):
        if place == directory.encode() or place.startswith(directory.encode() + b"/"):
            for words in (["umount", place], ["fusermount3", "-u", place]):
                if subprocess.run(words, stderr=subprocess.DEVNULL).returncode == 0:
                    break


def shell(script, *arguments, **options):
    return run(["sh", "-c", script, "sh", *arguments], **options)


def record(row, tool, measurements):
    seconds = [item[0] for item in measurements]
    peak = max((item[1] for item in measurements), default=0)
    ROWS.append({"row": row, "tool": tool, "seconds": seconds, "peak_kib": peak})
    print(f"  {row:32} {tool:26} {statistics.median(seconds) * 1000:10.1f} ms", file=sys.stderr)


def table():
    """What was measured, in Markdown."""
    lines = ["| | | median, ms | least–greatest | peak, MB | cimg / it |", "|---|---|---:|---:|---:|---:|"]
    title = None
    titles = list(dict.fromkeys(row["row"] for row in ROWS))
    for row in sorted(ROWS, key=lambda row: titles.index(row["row"])):
        peak = f"{row['peak_kib'] / 1024:.0f}" if row["peak_kib"] else ""
        name = row["row"] if row["row"] != title else ""
        title = row["row"]
        if "seconds" not in row:
            lines.append(f"| {name} | {row['tool']} | {row['private_kib'] / 1024:.1f} MB private | | {peak} | |")
            continue
        least, median, greatest = (
            f"{value * 1000:,.1f}" for value in (min(row["seconds"]), statistics.median(row["seconds"]),
                                                 max(row["seconds"])))
        ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
        lines.append(f"| {name} | {row['tool']} | {median} | {least}–{greatest} | {peak} | {ratio} |")
    return "\n".join(lines) + "\n"


def repeat(runs, body, budget=25.0):
    """Measurements of body(), stopped early when they already took `budget` seconds."""
    measurements, began = [], time.monotonic()
    for number in range(runs):
        measurements.append(body(number))
        if time.monotonic() - began > budget:
            break
    return measurements


def attempt(what, body):
    try:
        return body()
    except (Failed, OSError, ValueError, KeyError, IndexError) as error:
        note(f"{what}: {error}")
        return None


def have(*names):
    for name in names:
        path = name if os.path.isabs(name) and os.access(name, os.X_OK) else shutil.which(name)
        if path:
            return path
    note(f"{os.path.basename(names[-1])}: absent")
    return None


def server_memory(place):
    """What smaps_rollup tells, in KiB, with the peak as VmHWM, of the FUSE server whose arguments name a mountpoint."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            if place.encode() not in b" ".join(words):
                continue
            links = (os.readlink(f"/proc/{entry}/fd/{number}") for number in os.listdir(f"/proc/{entry}/fd"))
            if "/dev/fuse" not in links:
                continue
            memory = {}
            for name in ("smaps_rollup", "status"):
                with open(f"/proc/{entry}/{name}") as file:
                    lines = [line.split() for line in file if line.rstrip().endswith("kB")]
                memory |= {line[0].rstrip(":"): int(line[1]) for line in lines}
            return memory
        except OSError:
            continue
    return None


class Image:
    """An OCI layout on disk, read without any of the tools that are measured."""

    def __init__(self, reference):
        kind, _, rest = reference.partition(":")
        if kind != "oci" or not rest:
            raise SystemExit(f"bench: {reference}: expected oci:DIR:TAG")
        self.directory, _, self.tag = rest.partition(":")
        index = self.load(os.path.join(self.directory, "index.json"))
        chosen = [entry for entry in index["manifests"]
                  if not self.tag or entry.get("annotations", {}).get("org.opencontainers.image.ref.name") == self.tag]
        if not chosen:
            raise SystemExit(f"bench: {reference}: no such tag")
        self.reference = f"oci:{self.directory}:{self.tag}" if self.tag else f"oci:{self.directory}"
        manifest = self.load(self.blob(chosen[0]["digest"]))
        self.layers = [self.blob(layer["digest"]) for layer in manifest["layers"]]
        self.zstd = all("zstd" in layer["mediaType"] for layer in manifest["layers"])
        self.gzip = all("gzip" in layer["mediaType"] for layer in manifest["layers"])
        self.bytes = sum(layer["size"] for layer in manifest["layers"])

    @staticmethod
    def load(path):
        with open(path, "rb") as file:
            return json.load(file)

    def blob(self, digest):
        return os.path.join(self.directory, "blobs", *digest.split(":"))
