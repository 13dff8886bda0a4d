// SPDX-License-Identifier: Apache-2.0

extension LintRule {
    /// Rules on which engines disagree.
    static let layerFacts: [LintRule: LintFacts] = whiteoutFacts.merging(pathFacts) { first, _ in first }
        .merging(attributeFacts) { first, _ in first }

    private static let whiteoutFacts: [LintRule: LintFacts] = [
        .whiteoutAfterEntry: LintFacts(
            .error, "a file stands before a whiteout of its own name",
            [
                (
                    "docker podman containerd",
                    "refuse the layer, or delete the file where they unpack without overlay, as containerd a base layer"
                ),
                ("composefs-rs", "delete the file"), ("umoci crane cimg", "keep the file; the lower one is hidden"),
            ], remedy: "leave the whiteout out: the file hides the lower one"),
        .whiteoutAndDirectory: LintFacts(
            .error, "a directory has a whiteout of its own name beside it",
            [
                ("docker podman containerd stargz", "let the directory's lower children shine through"),
                ("crane", "lose the layer's own directory too"),
                ("umoci cimg", "hide the lower children, keep the layer's own"),
            ], remedy: "mark the directory opaque (.wh..wh..opq in it) instead"),
        .whiteoutBelowWhiteout: LintFacts(
            .error, "a whiteout lies in a directory that a whiteout takes away",
            [("docker containerd", "refuse the layer: \"not a directory\""), ("podman umoci crane cimg", "accept it")],
            remedy: "leave the inner whiteout out"),
        .whiteoutOfNothing: LintFacts(
            .info, "a whiteout takes away what no lower layer has",
            [
                ("docker podman containerd", "make its parent directories"), ("umoci cimg", "do nothing"),
                ("dive", "stop counting the layer"),
            ],
            remedy: "leave it out"),
        .whiteoutNotAFile: LintFacts(
            .info, "a whiteout is no regular file", [("all", "take it for a whiteout: the name decides")],
            remedy: "write an empty regular file"),
        .whiteoutNameEmpty: LintFacts(
            .error, "a whiteout names nothing, \".\" or \"..\"",
            [
                ("docker podman containerd cimg", "refuse the layer"),
                ("umoci", "takes away the directory itself, which is not simulated"),
            ], remedy: "leave it out"),
        .whiteoutNameTooLong: LintFacts(
            .warning, "a whiteout's own name is longer than 255 bytes",
            [
                ("docker podman containerd umoci cimg", "hide the file"),
                ("tools that make it a file", "fail with \"file name too long\""),
            ],
            remedy: "mark the directory opaque and write what stays again"),
        .whiteoutPrefixInName: LintFacts(
            .error, "a directory's name begins with .wh.",
            [("all", "take it for a directory on the way to others, and for a whiteout where it has an entry")],
            remedy: "call it otherwise"),
        .whiteoutAufsLeftover: LintFacts(
            .warning, "a leftover of AUFS",
            [
                ("docker podman containerd umoci", "take it for a whiteout of .wh.…, and show files that lie below it"),
                ("cimg", "leave it out"), ("docker, where it unpacks without overlay,", "leave it out"),
            ],
            remedy: "build the layer without AUFS"),
        .opaqueAfterEntries: LintFacts(
            .warning, "an opaque marker stands behind entries of its directory",
            [("composefs-rs", "lose the entries before it"), ("others", "keep them")], remedy: "write the marker first"),
        .opaqueOnNonDirectory: LintFacts(
            .warning, "an opaque marker lies in what is no directory below",
            [
                ("docker podman containerd", "make an empty directory"),
                ("umoci cimg", "do nothing, unless the layer has the directory"),
            ],
            remedy: "write an entry for the directory"),
        .opaqueRoot: LintFacts(
            .error, "an opaque marker in the root of an upper layer",
            [
                ("docker podman containerd", "go on showing lower layers: an overlay's root is always merged"),
                ("umoci cimg", "hide all that lower layers have"),
            ], remedy: "write a whiteout for each name in the root, or begin with that layer"),
    ]

    private static let pathFacts: [LintRule: LintFacts] = [
        .rootEntry: LintFacts(
            .warning, "the root directory's entry sets other attributes than 0755 of root",
            [
                ("docker containerd", "ignore it: 0755"), ("podman", "show 0555"),
                ("umoci crane cimg", "show what it says"),
            ],
            remedy: "leave ./ out of the layer, or make it 0755 0:0"),
        .rootNotDirectory: LintFacts(
            .error, "the root is no directory",
            [("umoci cimg", "refuse the layer"), ("docker podman containerd", "ignore it")],
            remedy: "leave the entry out"),
        .orderChildBeforeParent: LintFacts(
            .info, "a file stands before its directory",
            [("all", "give the directory its attributes in the end; its time may be that of unpacking")],
            remedy: "write directories first"),
        .parentMissing: LintFacts(
            .warning, "a directory has files in the layer, and no entry",
            [
                ("containerd umoci cimg", "show the lower layer's attributes"),
                ("docker podman", "show it 0755 of root"), ("composefs-rs", "refuse it if no layer has it"),
            ], remedy: "write an entry for every directory on the way"),
        .parentIsLowerSymlink: LintFacts(
            .error, "a directory on the way is a symbolic link in a lower layer",
            [
                ("docker podman cimg", "replace the link by a directory"),
                ("containerd", "replace it, with the attributes of what the link leads to"),
                ("umoci crane vfs", "follow the link"),
            ], remedy: "write the files where the link leads to"),
        .parentIsSymlink: LintFacts(
            .warning, "a directory on the way is a symbolic link of the same layer",
            [
                ("containerd umoci cimg", "follow it"),
                ("docker podman", "refuse the layer if what it leads to is not in it"),
            ],
            remedy: "write the files where the link leads to"),
        .parentIsFile: LintFacts(
            .error, "a directory on the way is a file",
            [
                ("docker podman containerd cimg", "replace it, if a lower layer has it"),
                ("umoci vfs", "refuse the layer: \"not a directory\""),
            ],
            remedy: "take the file away in an earlier layer"),
        .hardlinkAcrossLayers: LintFacts(
            .error, "a hard link leads to a file of a lower layer",
            [
                ("docker podman containerd stargz", "refuse the layer"), ("crane", "give what the name has in the end"),
                ("umoci cimg", "make one file with several names"),
            ], remedy: "write the file again, and link to that"),
        .hardlinkForward: LintFacts(
            .error, "a hard link leads to a file that comes later",
            [("docker podman containerd umoci", "refuse the layer"), ("cimg", "wait for the file")],
            remedy: "write the file first"),
        .hardlinkDangling: LintFacts(
            .error, "a hard link leads to nothing", [("all", "refuse the layer")], remedy: "write the file"),
        .hardlinkToDirectory: LintFacts(
            .error, "a hard link leads to a directory", [("all", "refuse the layer")], remedy: "use a symbolic link"),
        .hardlinkTargetReplaced: LintFacts(
            .warning, "one name of a file with several is replaced by a later layer",
            [
                ("crane", "gives the other names the new content"),
                ("others", "keep the old content under the other names"),
            ],
            remedy: "write all names again"),
        .duplicateEntry: LintFacts(
            .error, "a name is in a layer several times, with differences",
            [
                ("docker podman", "refuse the layer"), ("crane", "take the first"),
                ("containerd umoci cimg", "take the last"),
            ], remedy: "write it once"),
        .duplicateEntryEqual: LintFacts(
            .error, "a name is in a layer several times, the same each time",
            [("docker podman", "refuse the layer"), ("containerd umoci crane cimg", "show it once")],
            remedy: "write it once"),
        .pathOutside: LintFacts(
            .error, "a name leads out of the root",
            [
                ("docker podman containerd umoci", "clamp it to the root; newer ones refuse the layer"),
                ("crane cimg", "refuse the image"),
            ],
            remedy: "write the name from the root on"),
        .pathAbsolute: LintFacts(
            .warning, "a name begins with a slash",
            [("crane", "refuses the image"), ("others", "take it from the root on")],
            remedy: "write it without the slash"),
        .pathNotClean: LintFacts(
            .info, "a name has \"//\", \"/./\" or \"..\" in it", [("all", "take it for the shorter name")],
            remedy: "write it without them"),
        .nameTooLong: LintFacts(
            .error, "a component of a name is longer than 255 bytes", [("all", "refuse the layer")],
            remedy: "shorten it"),
        .nameNotUTF8: LintFacts(
            .warning, "a name is no UTF-8", [("most", "keep the bytes"), ("some", "show or store it changed")],
            remedy: "use UTF-8"),
        .nameControlCharacters: LintFacts(
            .warning, "a name has control characters, which may act on terminals", [("all", "keep them")],
            remedy: "use none"),
        .nameCaseCollision: LintFacts(
            .info, "names of a directory differ in case only",
            [("Linux", "has both"), ("file systems of macOS and Windows", "have one of them")],
            remedy: "rename one, if the image is to be unpacked there"),
    ]

    private static let attributeFacts: [LintRule: LintFacts] = [
        .sparseEntry: LintFacts(
            .warning, "a sparse file, which layers should not have",
            [("containerd docker podman umoci cimg", "show the holes as zeros"), ("others", "may not know the form")],
            remedy: "write it in full; zeros compress to nothing"),
        .deviceZero: LintFacts(
            .error, "a character device 0:0",
            [
                ("docker podman containerd", "take it for a whiteout: the lower file vanishes"),
                ("umoci cimg", "show a device"),
            ],
            remedy: "leave it out, or write a whiteout"),
        .overlayAttribute: LintFacts(
            .error, "an attribute of overlay file systems",
            [
                ("docker podman", "act on it"), ("containerd umoci", "drop it"), ("cimg", "show it as it is"),
            ],
            remedy: "take the files from a mount, not from an upper directory"),
        .hostAttribute: LintFacts(
            .warning, "an attribute that belongs to the machine where the layer was made",
            [("docker containerd cimg", "set it, as far as they may"), ("podman umoci", "drop security.selinux")],
            remedy: "leave it out of the layer"),
        .timeSubsecond: LintFacts(
            .info, "a time with a fraction of a second", [("some", "cut it"), ("cimg", "keeps it")],
            remedy: "cut times to seconds, for layers that are the same everywhere"),
        .timeOutOfRange: LintFacts(
            .warning, "a time before 1970 or after 2242",
            [("docker podman containerd", "set 1970"), ("umoci cimg", "keep it")],
            remedy: "set another time"),
        .capabilityVersion3: LintFacts(
            .warning, "capabilities for the root of a user namespace",
            [("the kernel", "grants them in that namespace only")], remedy: "set them as root of the machine"),
        .mediaTypeMismatch: LintFacts(
            .error, "a layer is not compressed as its media type says",
            [("containerd docker podman cimg", "look at the bytes"), ("others", "believe the type and fail")],
            remedy: "push the image again"),
    ]
}
