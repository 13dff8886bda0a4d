// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TestSupport
import Testing

/// A plain user's podman whose containers lie on `cimg overlay`, called as its `mount_program`.
@Suite(.enabled(if: Requirements.engines && Requirements.fuse), .serialized, .timeLimit(.minutes(15)))
struct MountProgramTests {
    /// A home of the plain user with storage of its own, gone with the tests.
    private final class Home {
        private let bench = EngineBench()
        private let scratch = ScratchDirectory()
        var path: String { scratch.path.string }

        /// - Parameter isOurs: whether cimg is the mount program; else the kernel's overlayfs is used.
        init(isOurs: Bool) throws {
            for name in ["home", "run", "context"] { scratch.directory(name) }
            let option = "[storage.options.overlay]\nmount_program = \"\(path)/mount.fuse.cimg\"\n"
            scratch.file(
                "storage.conf",
                "[storage]\ndriver = \"overlay\"\nrunroot = \"\(path)/run\"\n"
                    + "graphroot = \"\(path)/home/.local/share/containers/storage\"\n" + (isOurs ? option : ""))
            let image = try EngineBench.image([
                LayerBuilder { tar in
                    tar.directory("old/", mode: 0o755, uid: 3, gid: 4)
                    for name in ["a", "b"] { tar.file("old/\(name)", "\(name)\n", mode: 0o640, uid: 3, gid: 4) }
                    tar.file("etc/motd", "motd\n")
                }
            ])
            scratch.file("image.tar", DockerArchiveBuilder(.legacy, image, tags: ["localhost/base:1"]).bytes)
            scratch.file("context/file", "copied\n")
            scratch.file("context/Containerfile", MountProgramTests.containerfile)
            try FileManager.default.copyItem(atPath: Workbench.builtProgram, toPath: "\(path)/cimg")
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/mount.fuse.cimg", withDestinationPath: "cimg")
            let user = "\(EngineBench.user):"
            guard try Workbench().shell("chmod 755 \(path); chown -R \(user) \(path)").code == 0 else {
                throw BenchError(description: "cannot give \(path) to \(EngineBench.user)")
            }
        }

        deinit {
            _ = try? podman("rm", "-f", "-t", "0", "-a")
            _ = try? podman("unshare", "rm", "-rf", "\(path)/home/.local")
            _ = try? podman("unshare", "sh", "-c", "kill $(cat \(path)/run/libpod/tmp/pause.pid)")
        }

        /// Runs podman, which must succeed, and gives what it printed.
        @discardableResult
        func podman(_ arguments: String...) throws -> String {
            try bench.run(
                .rootless,
                [
                    "env", "HOME=\(path)/home", "XDG_RUNTIME_DIR=\(path)/run",
                    "CONTAINERS_STORAGE_CONF=\(path)/storage.conf", "podman",
                ] + arguments)
        }
    }

    fileprivate static let containerfile = """
        FROM localhost/base:1
        RUN mkdir -p /d/e && echo one > /d/one && ln /d/one /d/two && ln -s one /d/link && chown 5:6 /d/one \
            && echo more >> /d/two && touch -t 200101010000 /d/one
        RUN cp /bin/busybox /d/test && chmod 4755 /d/test && chmod 1777 /d/e && chmod 2755 /d && mkfifo /d/fifo
        COPY --chown=9:9 file /d/
        RUN rm -r /old && mkdir /old && echo new > /old/new && rm /etc/motd && mv /var/tmp /var/moved
        RUN mv /d/e /d/f && chmod 0 /etc/group
        RUN /d/test "$(cat /d/one)" = "$(printf 'one\\nmore')" && test -u /d/test && test -k /d/f && test ! -e /old/a
        USER 9
        RUN touch /d/f/mine && ! touch /d/no 2>/dev/null && ! cat /etc/group 2>/dev/null
        """

    @Test func `images are built, run and committed as on the kernel's overlayfs`() throws {
        var seen: [[String]] = []
        for isOurs in [true, false] {
            let home = try Home(isOurs: isOurs)
            try home.podman("load", "-q", "-i", "\(home.path)/image.tar")
            try home.podman(
                "build", "-q", "--network", "none", "--pull=never", "-t", "localhost/built:1", "\(home.path)/context")
            // Dates of what is made now differ, and so may the sizes and link counts of directories.
            let look = """
                for f in /d /n /n/g /old /etc /var /new /d/* /n/* /n/g/* /old/* /etc/group /etc/passwd /var/*; do
                test -d $f && busybox stat -c '%n %A %u:%g' $f; test -f $f && busybox stat -c '%n %A %u:%g %h %s' $f
                test -L $f && busybox stat -c '%N' $f; test -p $f && busybox stat -c '%n %A %u:%g' $f
                done 2>/dev/null; busybox stat -c %Y /d/one
                """
            let list = try home.podman("run", "--rm", "--user", "0", "localhost/built:1", "sh", "-c", look)
            if isOurs {
                let types = try home.podman(
                    "run", "--rm", "--user", "0", "localhost/built:1", "sh", "-c",
                    "while read a b c; do [ $b != / ] || echo $c; done < /proc/mounts")
                #expect(types.contains("fuse.cimg"))
            }
            let change = "rm /d/file; echo x > /new; chmod 755 /d/test; mkdir /n; mv /d/f /n/g; rm -r /old; cat /d/one"
            let printed = try home.podman(
                "run", "--name", "changed", "--user", "0", "localhost/built:1", "sh", "-c", change)
            #expect(printed == "one\nmore")
            let changes = try home.podman("diff", "changed").split(separator: "\n").map(String.init).sorted()
            try home.podman("commit", "-q", "changed", "localhost/committed:1")
            let committed = try home.podman(
                "run", "--rm", "--user", "0", "localhost/committed:1", "sh", "-c", look)
            let layer = try home.podman("diff", "localhost/committed:1").split(separator: "\n").map(String.init)
                .sorted()
            seen.append(
                list.split(separator: "\n").map(String.init) + changes
                    + committed.split(separator: "\n").map(String.init) + layer)
        }
        let expected = [
            "/d/one -rw-r--r-- 5:6 2 9", "/d/test -rwsr-xr-x 0:0 1", "/d drwxr-sr-x 0:0", "/d/f drwxrwxrwt 0:0",
            "/d/file -rw-r--r-- 9:9 1 7", "978307200", "C /d", "A /n/g/mine", "D /d/f", "D /old",
        ]
        for line in expected { #expect(seen[0].contains { $0.hasPrefix(line) }, "\(line)") }
        #expect(seen[0] == seen[1])
    }
}
