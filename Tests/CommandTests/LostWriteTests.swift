// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What a program was allowed to write, and what the upper then cannot take: a large file whose layer cannot be read.
@Suite(.enabled(if: Requirements.fuse), .timeLimit(.minutes(15))) struct LostWriteTests {
    private static let image = ImageBuilder(.none) { $0.file("big", [UInt8](repeating: 7, count: 32 << 20)) }

    /// A bench with a writable mount at `mnt` whose program has been told at close(2) that it lost what it wrote.
    private func bench(_ options: [String]) throws -> Workbench {
        let bench = Workbench()
        OCILayoutBuilder { $0.image(Self.image, tag: "1") }.write(to: bench.scratch)
        try expect(bench.cimg("import", "oci:layout:1", "app:1").code, is: 0)
        try expect(
            bench.cimg(["mount", "--rw"] + options + ["app:1", "mnt"]), is: options.isEmpty ? .discarding : .success())
        let script = """
            data=$(ls store/layers/sha256/*/data); cp $data kept; truncate -s 9000000 $data
            python3 -c "
            import os
            file = os.open('mnt/big', os.O_RDWR)
            assert os.pwrite(file, b'x' * (4 << 20), 0) == 4 << 20
            try: os.close(file)
            except OSError as error: print(error.strerror)"
            """
        try expect(bench.shell(script), is: .success("Input/output error\n"))
        return bench
    }

    private func lost(_ bench: Workbench, _ mountpoint: String = "mnt") -> Outcome {
        .trouble(
            "mountpoint \"\(bench.path)/\(mountpoint)\": what was written last could not be brought to the upper: "
                + "Input/output error; try again, or give it up with umount --lazy")
    }

    private static let mend = "cat kept > $(ls store/layers/sha256/*/data)"
    /// The size, and the bytes on both sides of where the write ended.
    private static let look = "stat -c %s FILE; od -An -tx1 -j 4194302 -N 4 FILE"
    private static let whole = "33554432\n 78 78 07 07\n"

    @Test func `an unmount says so, and keeps the mount`() throws {
        let bench = try bench(["--upper", "up"])
        try expect(bench.cimg("umount", "mnt"), is: lost(bench))
        try expect(bench.cimg("diff", "./mnt"), is: lost(bench))
        try expect(bench.shell(Self.mend), is: .success())
        try expect(bench.cimg("umount", "mnt"), is: .success())
        try expect(bench.shell(Self.look.replacing("FILE", with: "up/big")), is: .success(Self.whole))
    }

    @Test func `changes that are kept are all kept`() throws {
        let bench = try bench([])
        try expect(bench.cimg("umount", "--keep", "changes", "mnt"), is: lost(bench))
        try expect(bench.shell("ls -d changes* 2> /dev/null; mountpoint -q mnt"), is: .success())
        try expect(bench.shell(Self.mend), is: .success())
        try expect(bench.cimg("umount", "--keep", "changes", "mnt"), is: .success())
        try expect(bench.shell(Self.look.replacing("FILE", with: "changes/big")), is: .success(Self.whole))
    }

    @Test func `who gives it up unmounts`() throws {
        let bench = try bench(["--upper", "up"])
        try expect(bench.cimg("umount", "--lazy", "mnt"), is: .success())
        try expect(bench.shell("ls -A up"), is: .success())
    }

    @Test func `what is removed with the mount need not be brought anywhere`() throws {
        let bench = try bench([])
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }
}
