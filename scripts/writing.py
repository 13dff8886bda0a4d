# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench measures of overlays that are written to."""
import io
import os
import shutil
import tarfile
import time

from measuring import Failed, attempt, have, record, run, shell, unmount_below

WRITES = (
    ("untar {files} files", 'mkdir "$1/new" && tar xf "$2/files.tar" -C "$1/new"'),
    ("rm -r {files} files", 'rm -r "$1/new"'),
    ("random write", 'exec python3 "$2/random-write" "$1/random"'),
    ("sequential write {size} MB", 'dd if=/dev/zero of="$1/long" bs=1M count={size} conv=fsync status=none'),
    ("first write to {size} MB below", 'printf x | dd of="$1/big" conv=notrunc status=none'),
)

# As fio(1) writes: nothing is synchronised at the end.
RANDOM_WRITE = """import os, random, sys
random.seed(1)
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.ftruncate(file, 1 << 28)
for _ in range(20000): os.pwrite(file, b'y' * 4096, random.randrange(1 << 16) << 12)
"""


def has_memory(size):
    """Whether a file of a size in memory leaves the machine enough of it."""
    try:
        with open("/proc/meminfo") as file:
            available = next(int(line.split()[1]) << 10 for line in file if line.startswith("MemAvailable:"))
        return min(available, shutil.disk_usage("/dev/shm").free) > size
    except (OSError, StopIteration):
        return False


class Writing:
    """Overlays over one lower directory with a large file, each with an upper of its own, in a folder."""

    def __init__(self, cimg, work, files, size):
        """Makes the inputs: a tar of small files, a program that writes at random, a lower with so many MB."""
        self.cimg, self.work, self.files, self.size = cimg, work, files, size
        self.is_own = os.getuid() == 0 and bool(have("mkfs.ext4"))
        self.low, self.disk = os.path.join(work, "low"), os.path.join(work, "disk")
        with tarfile.open(os.path.join(work, "files.tar"), "w") as tar:
            for number in range(files):
                entry = tarfile.TarInfo(f"{number // 100:04}/{number % 100:02}")
                entry.size, entry.mode, entry.mtime = 1000, 0o644, 1_700_000_000
                if number % 100 == 0:
                    folder = tarfile.TarInfo(f"{number // 100:04}")
                    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(folder)
                tar.addfile(entry, io.BytesIO(b"x" * 1000))
        with open(os.path.join(work, "random-write"), "w") as file:
            file.write(RANDOM_WRITE)
        for folder in (self.low, self.disk):
            os.mkdir(folder)
        with open(os.path.join(self.low, "big"), "wb") as file:
            for _ in range(size):
                file.write(os.urandom(1 << 20))

    def renew_disk(self):
        """Empties the folder to write in; as root it is a file system just made, so that each begins alike.

        What a file system remembers of the last round can decide more than who writes to it: ext4 without a journal
        takes twenty times as long to make a file while it remembers many that were removed a short while ago. The same
        goes for disks, so it lies in memory where there is enough.
        """
        if self.is_own:
            self.drop_disk()
            size = (self.size * 3 << 20) + (2 << 30)
            image = os.path.join("/dev/shm" if has_memory(2 * size) else self.work, f"cimg-bench.{os.getpid()}")
            with open(image, "wb") as file:
                file.truncate(size)
            try:
                run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image])
                run(["mount", "-o", "loop", image, self.disk])
            finally:
                os.unlink(image)
        else:
            self.drop_disk()
            for _ in range(100):  # the server of the last overlay may be about to end, and clears its work directory
                for name in os.listdir(self.disk):
                    shutil.rmtree(os.path.join(self.disk, name), ignore_errors=True)
                if not os.listdir(self.disk):
                    break
                time.sleep(0.1)
        for name in ("mnt", "upper", "work"):
            os.mkdir(os.path.join(self.disk, name))

    def drop_disk(self):
        for _ in range(100):
            unmount_below(self.disk)
            if not os.path.ismount(self.disk):
                return
            time.sleep(0.1)  # the server of the last overlay is about to end
        raise Failed(f"{self.disk}: cannot be unmounted")

    def writers(self):
        """name → (mount, unmount)."""
        place = os.path.join(self.disk, "mnt")
        layers = f"lowerdir={self.low},upperdir={self.disk}/upper,workdir={self.disk}/work"

        def stack(*command):
            return (lambda: run([*command, "-o", layers, place])), (lambda: run(["umount", place]))

        def copy():
            shutil.copyfile(os.path.join(self.low, "big"), os.path.join(place, "big"))

        table = {"cimg": stack(self.cimg, "overlay")}
        if have("fuse-overlayfs"):
            table["fuse-overlayfs"] = stack("fuse-overlayfs")
        if os.getuid() == 0:
            table["kernel overlay"] = stack("mount", "-t", "overlay", "overlay")
        table["no overlay"] = (copy, lambda: None)
        return table

    def measure(self, runs):
        """Each row by each contender, in turns: what the disk still does for one is not always the next one's burden."""
        table = self.writers()
        measured = {name: [] for name in table}
        began = time.monotonic()
        for _ in range(runs):
            for name, (mount, unmount) in list(table.items()):
                cycle = attempt(f"writing, {name}", lambda: self.cycle(mount, unmount))
                if cycle:
                    measured[name].append(cycle)
                else:
                    del table[name]
            if time.monotonic() - began > 300:
                break
        self.drop_disk()
        for number, (row, _) in enumerate(WRITES):
            for name, cycles in measured.items():
                if cycles and not (name == "no overlay" and row.startswith("first")):
                    record(row.format(files=self.files, size=self.size), name, [item[number] for item in cycles])

    def cycle(self, mount, unmount):
        self.renew_disk()
        mount()
        try:
            place = os.path.join(self.disk, "mnt")
            return [shell(script.format(size=self.size), place, self.work) for _, script in WRITES]
        finally:
            unmount()
