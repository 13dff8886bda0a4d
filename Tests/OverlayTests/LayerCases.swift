// SPDX-License-Identifier: Apache-2.0

import OverlayLayers
import Testing

/// Layers to be merged, each a script, the lowest first.
struct LayerCase: Sendable, CustomTestStringConvertible {
    let name: String
    let layers: [String]
    let kernelOptions: String

    init(_ name: String, _ layers: String..., kernel: String = "redirect_dir=follow,metacopy=on") {
        self.name = name
        self.layers = layers
        kernelOptions = kernel
    }

    var testDescription: String { name }
}

extension LayerCase {
    private static let opaque = "setfattr -n trusted.overlay.opaque -v y"
    private static let redirect = "setfattr -n trusted.overlay.redirect -v"
    private static let metacopy = "setfattr -n trusted.overlay.metacopy"

    /// Everything that kernel overlayfs shows with `trusted.` marks.
    static let trusted: [LayerCase] = [
        LayerCase(
            "one layer", "mkdir -p d/e; echo x >d/f; ln d/f g; ln -s d/f l; mkfifo p; mknod c c 1 3; mknod b b 7 0"),
        LayerCase(
            "directories merge and the highest one's attributes show",
            "mkdir -m 700 d; echo a >d/a; chown 5:6 d", "mkdir -m 751 d; echo b >d/b; setfattr -n user.x -v 1 d"),
        LayerCase("a file over a file", "echo old >f; chmod 4755 f; setfattr -n user.a -v 1 f", "echo new >f"),
        LayerCase("a file over a directory", "mkdir f; echo x >f/x", "echo new >f"),
        LayerCase("a directory over a file", "echo old >d", "mkdir d; echo x >d/x"),
        LayerCase(
            "a directory over a file over a directory", "mkdir d; echo 0 >d/0", "echo f >d", "mkdir d; echo 2 >d/2"),
        LayerCase(
            "a symbolic link over a directory and back", "mkdir d l; echo x >d/x", "ln -s l d", "mkdir d; echo y >d/y"),
        LayerCase(
            "whiteouts of each type", "echo f >f; mkdir d; echo x >d/x; ln -s x l; mkfifo p",
            "mknod f c 0 0; mknod d c 0 0; mknod l c 0 0; mknod p c 0 0"),
        LayerCase(
            "a whiteout of nothing and a whiteout of a whiteout", "echo a >a", "mknod a c 0 0; mknod n c 0 0",
            "mknod a c 0 0; mknod n c 0 0"),
        LayerCase(
            "a file over a whiteout", "echo old >f; mkdir d; echo x >d/x", "mknod f c 0 0; mknod d c 0 0",
            "echo new >f; mkdir d; echo y >d/y"),
        LayerCase("a device that is no whiteout", "mknod a c 0 1; mknod b b 0 0; mknod c c 1 0"),
        LayerCase(
            "an opaque directory", "mkdir -p d/e; echo a >d/a; echo b >d/e/b", "mkdir -p d/e; \(opaque) d; echo c >d/c"),
        LayerCase(
            "an opaque directory in the middle", "mkdir d; echo 0 >d/0; echo f >d/f",
            "mkdir d; \(opaque) d; echo 1 >d/1", "mkdir d; echo 2 >d/2; mknod d/1 c 0 0"),
        LayerCase(
            "an opaque directory below another", "mkdir -p d/e; echo 0 >d/e/0",
            "mkdir -p d/e; \(opaque) d/e; echo 1 >d/e/1", "mkdir -p d/e; echo 2 >d/e/2"),
        LayerCase(
            "another value of opaque says nothing", "mkdir d; echo a >d/a",
            "mkdir d; setfattr -n trusted.overlay.opaque -v n d"),
        LayerCase("an opaque root is still merged", "echo a >a", "echo b >b; \(opaque) ."),
        LayerCase("hard links in one layer", "mkdir d; echo x >a; ln a b; ln a d/c", "mkdir d; echo y >d/y; ln d/y z"),
        LayerCase("a hard link with one name hidden", "echo x >a; ln a b", "mknod a c 0 0"),
        LayerCase(
            "a redirected directory", "mkdir -p old/e; echo a >old/a; echo b >old/e/b",
            "mknod old c 0 0; mkdir new; \(redirect) old new; echo c >new/c"),
        LayerCase(
            "an absolute redirection", "mkdir -p p/old/e; echo a >p/old/a",
            "mkdir -p q/new p; mknod p/old c 0 0; \(redirect) /p/old q/new; echo c >q/new/c"),
        LayerCase(
            "a redirection of a redirection", "mkdir a; echo 0 >a/0",
            "mknod a c 0 0; mkdir b; \(redirect) a b; echo 1 >b/1",
            "mknod b c 0 0; mkdir c; \(redirect) b c; echo 2 >c/2"),
        LayerCase(
            "an absolute redirection through a redirected directory", "mkdir -p p/d; echo 0 >p/d/0",
            "mknod p c 0 0; mkdir -p q; \(redirect) p q; echo 1 >q/1",
            "mkdir -p q; mknod q/d c 0 0; mkdir r; \(redirect) /q/d r; echo 2 >r/2"),
        LayerCase(
            "a redirected directory inside a directory of one layer", "mkdir -p x/y; echo 0 >x/y/0",
            "mkdir -p n/m; \(redirect) /x/y n/m"),
        LayerCase(
            "an opaque directory with a redirection inside", "mkdir -p a/b; echo 0 >a/b/0",
            "mkdir -p c/d; \(opaque) c; \(redirect) /a/b c/d"),
        LayerCase("a redirection to nothing", "mkdir a", "mkdir b; \(redirect) none b; echo 1 >b/1"),
        LayerCase("a redirection to a file", "echo f >a", "mkdir b; \(redirect) a b; echo 1 >b/1"),
        LayerCase("a redirection to a whiteout", "mkdir a; echo 0 >a/0", "mknod a c 0 0", "mkdir b; \(redirect) a b"),
        LayerCase(
            "a file with its data below", "echo data >f; chmod 600 f",
            "truncate -s 5 f; chmod 640 f; chown 3:4 f; \(metacopy) f; setfattr -n user.a -v 1 f"),
        LayerCase(
            "a renamed file with its data below", "mkdir d; echo data >d/f",
            "mkdir d; mknod d/f c 0 0; truncate -s 5 g; \(metacopy) g; \(redirect) /d/f g"),
        LayerCase(
            "a file with its data two layers below", "echo data >f", "truncate -s 5 f; chmod 600 f; \(metacopy) f",
            "truncate -s 5 f; chmod 640 f; \(metacopy) f"),
        LayerCase(
            "attributes of an overlay within",
            "mkdir d; setfattr -n trusted.overlay.overlay.opaque -v y d; setfattr -n user.overlay.opaque -v y d; setfattr -n trusted.overlay.origin -v abc d; setfattr -n trusted.overlay.impure -v y d; setfattr -n trusted.t -v 1 d"
        ),
        LayerCase(
            "access control lists and capabilities",
            "echo x >f; setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 f; mkdir d; setfacl -d -m u:5:rx d; setfacl -m g:7:rw f",
            "mkdir d; echo y >d/y"),
        LayerCase(
            "whiteouts by attribute", "mkdir d; echo a >d/a; echo b >d/b; echo c >d/c",
            "mkdir d; setfattr -n trusted.overlay.opaque -v x . d; touch d/a; setfattr -n trusted.overlay.whiteout -v y d/a; echo x >d/b; setfattr -n trusted.overlay.whiteout -v y d/b; touch d/c"
        ),
        LayerCase(
            "odd names", "mkdir $'a\\nb' '…'; echo x >$'\\377\\376'; echo y >'a:b,c'",
            "mkdir $'a\\nb'; mknod $'\\377\\376' c 0 0; echo z >$(printf 'n%.0s' {1..255})"),
        LayerCase(
            "eight layers", "mkdir d; echo 0 >d/0; echo f >f", "mkdir d; echo 1 >d/1", "mknod f c 0 0",
            "mkdir d; mknod d/0 c 0 0", "echo 4 >f", "mkdir -p d/e; echo 5 >d/e/5", "mkdir -p d/e; \(opaque) d/e",
            "mkdir d; echo 7 >d/0"),
        LayerCase(
            "sparse files and times before 1970",
            "truncate -s 3M s; echo x >>s; touch -d '1930-01-01 00:00:00.5' s; mkdir d; touch -d '1960-05-05' d"),
    ]

    /// What the kernel shows with `user.` marks.
    static let user: [LayerCase] = [
        LayerCase(
            "an opaque directory, as a user marks it", "mkdir d; echo a >d/a",
            "mkdir d; setfattr -n user.overlay.opaque -v y d; echo c >d/c", kernel: "userxattr"),
        LayerCase(
            "whiteouts by attribute, as a user marks them", "mkdir d; echo a >d/a; echo b >d/b",
            "mkdir d; setfattr -n user.overlay.opaque -v x . d; touch d/a; setfattr -n user.overlay.whiteout -v y d/a",
            kernel: "userxattr"),
        LayerCase(
            "marks for root mean nothing to a user", "mkdir d; echo a >d/a",
            "mkdir d; setfattr -n user.overlay.origin -v y d; setfattr -n user.overlay.overlay.x -v y d; setfattr -n user.t -v 1 d",
            kernel: "userxattr"),
    ]
}
