// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import TestSupport
    import Testing

    /// Each system call of `cimg umount --keep` fails once.
    @Suite(.enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
    struct KeepFailureTests {
        /// What was written is in the mount, or where the user wanted it, or where the error says that it is.
        ///
        /// A failure before the unmount leaves the mount as it was, for the next one.
        private static let script = """
            export CIMG_FAILURE_REPORT=$PWD/report
            number=0; injected=0; codes=(28 122 5 24 12)
            problem() { echo "call $number ($code): $1: $(cat said)"; }
            while true; do
                if ! mountpoint -q mnt; then
                    rm -rf PLACE/kept PLACE/kept.work
                    cimg mount --rw new mnt || exit 1
                    echo written > mnt/one
                fi
                code=${codes[$((number % 5))]}
                CIMG_FAILURE=$number:$code cimg umount --keep PLACE/kept mnt 2> said; ending=$?
                count=$(cat report); injected=$((injected + count))
                [ $ending = 0 ] || [ -s said ] || problem "no word of it"
                if mountpoint -q mnt; then
                    [ $ending = 2 ] || problem "still mounted, but exit code $ending"
                    [ "$(cat mnt/one)" = written ] || problem "lost in the mount"
                    echo again > mnt/two && rm mnt/two || problem "the mount is not writable"
                elif [ $ending = 0 ]; then
                    [ "$(cat PLACE/kept/one)" = written ] || problem "lost"
                    for place in store/tmp/kept-*; do
                        [ ! -e "$place" ] || grep -q "$place" said || problem "nobody says that $place is left"
                    done
                    rm -rf store/tmp/kept-*
                else
                    place=$(sed -n 's/.*the changes are in "\\(.*\\)".*/\\1/p' said)
                    [ -n "$place" ] && [ "$(cat "$place/one")" = written ] || problem "nobody says where it is"
                    rm -rf store/tmp/kept-*
                fi
                [ $count = 0 ] && break
                number=$((number + 1))
                [ $number -lt 3000 ] || break
            done
            mountpoint -q mnt && problem "still mounted at the end"
            cimg import oci:layout:old again > /dev/null
            [ -z "$(ls store/tmp)" ] || problem "left: $(ls store/tmp)"
            echo "umount --keep PLACE: $number system calls, $injected failures injected" >&2
            """

        @Test(arguments: ["near", "far"]) func `changes are kept, or stay in the mount, or it is told where they are`(
            _ place: String
        ) throws {
            let bench = try Sample.bench()
            try expect(bench.shell("mkdir near far"), is: .success())
            // Few processes are looked at there, which makes few system calls; other tests' mounts are let go.
            let others = "awk '$3 == \"fuse.cimg\" { print $2 }' /proc/self/mounts | xargs -r umount -l\n"
            let wrapper = place == "far" ? "mount -t tmpfs none far; " : ""
            let script = others + wrapper + Self.script.replacing("PLACE", with: place)
            bench.scratch.file("loop.sh", "cimg() { \"\(Workbench.builtProgram)\" \"$@\"; }\n" + script)
            let outcome = try bench.shell("unshare --mount --pid --fork --mount-proc bash loop.sh")
            print(outcome.errors, terminator: "")
            #expect(outcome.code == 0)
            #expect(outcome.output == "")
            #expect(outcome.errors.contains("failures injected"))
        }
    }
#endif
