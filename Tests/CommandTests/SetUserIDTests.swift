// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What becomes of set-user-ID and set-group-ID bits when files of a writable mount are changed.
@Suite(.enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct SetUserIDTests {
    /// Changes files in the directory `$1` in many ways, as a stranger, as a member of the file's group and as root, and
    /// prints the mode that each has then.
    private static let script = """
        cd "$1"; umask 0; chmod 777 .
        as() {
            case $1 in
                stranger) shift; setpriv --reuid 60001 --regid 60001 --clear-groups "$@";;
                member) shift; setpriv --reuid 60001 --regid 60001 --groups 60002 "$@";;
                root) shift; "$@";;
            esac
        }
        for mode in 6666 6676 6766 6777 2666 4755; do
            for who in stranger member root; do
                for way in write direct append cut fallocate punch zero truncate grow; do
                    f=$mode-$who-$way; head -c 20000 /dev/zero >$f; chown 0:60002 $f; chmod $mode $f; chmod o+w $f
                    stat $f >/dev/null
                    case $way in
                        write) as $who dd if=/dev/zero of=$f bs=1 count=1 seek=9000 conv=notrunc status=none;;
                        direct) as $who dd if=/dev/zero of=$f bs=4096 count=1 conv=notrunc oflag=direct status=none;;
                        append) as $who sh -c "echo x >>$f";;
                        cut) as $who sh -c ": >$f";;
                        fallocate) as $who fallocate -l 30000 $f;;
                        punch) as $who fallocate -p -o 0 -l 4096 $f;;
                        zero) as $who fallocate -z -o 0 -l 4096 $f;;
                        truncate) as $who truncate -s 10 $f;;
                        grow) as $who truncate -s 30000 $f;;
                    esac
                    echo "$f $(stat -c %a $f)"; rm $f
                done
            done
            for way in 7:60002 :60002 0:7; do
                f=$mode-$way; : >$f; chown 0:60002 $f; chmod $mode $f; chown $way $f; echo "$f $(stat -c %a $f)"; rm $f
            done
        done
        for who in stranger member root; do
            for mode in 2775 2764 6775; do
                f=$who-$mode; : >$f; chown 60001:60002 $f; chmod $mode $f; as $who setfacl -m u:9:rwx $f
                echo "$f acl $(stat -c %a $f)"; rm $f
            done
        done
        for who in stranger root; do
            f=$who; : >$f; chmod 666 $f; setcap cap_chown+ep $f; as $who sh -c "echo x >>$f"; getcap $f; rm $f
        done
        """

    @Test func `changes take them away as on kernel overlayfs, and the kernel is told at once`() throws {
        let bench = Workbench()
        bench.scratch.file("script", Self.script)
        try expect(
            bench.shell(
                """
                chmod 755 .; mkdir low up up2 work2 kernel
                mount -t overlay overlay -o lowerdir=low,upperdir=up2,workdir=work2 kernel
                """), is: .success())
        defer { _ = try? bench.shell("umount -l kernel") }
        try expect(bench.cimg("mount", "--rw", "--upper", "up", "-o", "suid", "rootfs:low", "mnt"), is: .success())
        let wanted = try bench.shell("sh script kernel")
        #expect(wanted.output.split(separator: "\n").count == 6 * 3 * 9 + 6 * 3 + 9)
        let shown = try bench.shell("sh script mnt")
        #expect(shown.errors == wanted.errors)
        for (line, other) in zip(shown.output.split(separator: "\n"), wanted.output.split(separator: "\n")) {
            #expect(line == other)
        }
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `a program that somebody else has written to no longer runs as its owner`() throws {
        let bench = Workbench()
        try expect(
            bench.shell("chmod 755 .; mkdir low up; cp $(command -v id) low/id; chmod 4757 low/id"), is: .success())
        try expect(bench.cimg("mount", "--rw", "--upper", "up", "-o", "suid", "rootfs:low", "mnt"), is: .success())
        let script = """
            chmod 755 mnt; user='setpriv --reuid 60001 --regid 60001 --clear-groups'
            for round in 1 2; do
                $user mnt/id -u; head -c 1 low/id | $user dd of=mnt/id conv=notrunc status=none; $user mnt/id -u
                stat -c %a mnt/id up/id; chmod 4757 mnt/id
            done
            """
        try expect(bench.shell(script), is: .success("0\n60001\n757\n757\n0\n60001\n757\n757\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `what root's engine mounts has programs and devices as overlayfs has them, unless it asks otherwise`()
        throws
    {
        let bench = Workbench()
        let script = """
            chmod 755 .; mkdir low up work; cp $(command -v id) low/id; chmod 4755 low/id; mknod low/null c 1 3
            for option in '' ,nosuid ,nodev ,nosuid,nodev ,nosuid,suid ,ro ,ro,nosuid; do
                cimg overlay mnt -o lowerdir=low,upperdir=up,workdir=work$option || exit
                echo "$option $(setpriv --reuid 60001 --regid 60001 --clear-groups mnt/id -u)" \
                    "$(cat mnt/null && echo device || echo none)"
                cimg umount mnt
            done 2>/dev/null
            """
        let shown = """
             0 device
            ,nosuid 60001 device
            ,nodev 0 none
            ,nosuid,nodev 60001 none
            ,nosuid,suid 0 device
            ,ro 0 device
            ,ro,nosuid 60001 device

            """
        try expect(bench.shell(script), is: .success(shown))
    }
}
