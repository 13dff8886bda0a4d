// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// Mutated bytes as stacked directories, which are walked as a comparison would.
///
/// Files, whiteouts, and attributes that mark them opaque, redirected, metadata only, or of another owner and type, with
/// values of any bytes.
///
/// Beyond not crashing: the walk ends, names are names, and nothing that is read comes from beside the layers.
/// The directories lie in `/dev/shm`, and are gone when a run ends.
@main
enum FuzzOverlay {
    static func main() throws {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        let bench = try Bench()
        defer { bench.remove() }
        shared = bench
        atexit { shared?.remove() }
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

nonisolated(unsafe) private var shared: Bench?

/// Where the layers are made.
private struct Bench {
    let parent: Descriptor
    let name = "cimg-fuzz-\(getpid())"

    init() throws {
        parent = try Descriptor.open("/dev/shm", O_RDONLY | O_DIRECTORY)
        _ = try parent.makeDirectory(name)
    }

    func remove() {
        // What remains is told by its name.
        try? parent.removeTree(name)
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let bench = shared else { return 0 }
    do {
        try bench.parent.removeTree(bench.name)
        let directory = try bench.parent.makeDirectory(bench.name)
        let outside = try directory.openBeneath("outside", O_WRONLY | O_CREAT, mode: 0o644)
        try outside.write(secret)
        var input = Input(Array(UnsafeBufferPointer(start: start, count: count)))
        let layers = try (0..<3).map { try directory.makeDirectory("layer\($0)") }
        let formats = OverlayMarkFormats(rawValue: input.byte())
        var files = 0
        while !input.isEmpty, files < 40 {
            files += 1
            make(&input, in: layers[Int(input.byte()) % layers.count])
        }
        let options = OverlayOptions(marks: formats.intersection(.all), isChanging: false)
        try walk(OverlayTree(layers.map { .directory($0) }, name: Array("fuzz".utf8), options: options))
    } catch {
        precondition("\(error)".utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a message")
    }
    return 0
}

private let secret = Array("what lies outside of all layers".utf8)
private let names = ["a", "b", "a/b", "b/a", "a/a", "a/b/c", "b/a/b", ".wh.a", "a/.wh.b", "a/.wh..wh..opq"]
private let attributes =
    [
        "opaque", "redirect", "metacopy", "whiteout", "origin", "overlay.opaque",
    ].flatMap { ["trusted.overlay.\($0)", "user.overlay.\($0)"] } + [
        "user.containers.override_stat", "user.fuseoverlayfs.opaque", "user.other",
    ]

/// Makes a file of a layer, with attributes; what cannot be made is left out.
private func make(_ input: inout Input, in layer: Descriptor) {
    let path = names[Int(input.byte()) % names.count].split(separator: "/").map { Array($0.utf8) }
    var directory = layer
    for name in path.dropLast() {
        try? directory.makeEntryDirectory(name, mode: 0o755)
        guard let next = try? directory.openBeneath(name, O_RDONLY | O_DIRECTORY) else { return }
        directory = next
    }
    guard let name = path.last else { return }
    switch input.byte() % 6 {
    case 0, 1: try? directory.makeEntryDirectory(name, mode: 0o755)
    case 2: try? directory.makeEntryNode(name, mode: S_IFCHR, device: 0)
    case 3: try? directory.makeEntryLink(name, to: Array("../outside".utf8))
    case 4: _ = try? directory.openBeneath(name, O_WRONLY | O_CREAT, mode: 0o644)
    default:
        if let file = try? directory.openBeneath(name, O_WRONLY | O_CREAT, mode: 0o644) {
            try? file.write(Array("content".utf8))
        }
    }
    for _ in 0..<input.byte() % 4 {
        let attribute = attributes[Int(input.byte()) % attributes.count]
        try? directory.setEntryXattr(Array(attribute.utf8), of: name, to: input.bytes(Int(input.byte() % 64)))
    }
}

/// Visits what the root reaches, and reads the first bytes of every file.
private func walk(_ tree: OverlayTree) throws {
    var open = [(node: tree.root, depth: 0)]
    var remaining = 2000
    while let (node, depth) = open.popLast(), remaining > 0 {
        remaining -= 1
        // A directory that contains itself is a tree without end: layers are finite.
        precondition(depth < 64, "a tree without end")
        guard let attributes = try? tree.attributes(of: node) else { continue }
        _ = try? tree.linkCount(of: node)
        _ = try? tree.contentIdentity(of: node)
        _ = try? tree.subtreeDigest(of: node)
        switch attributes.type {
        case .regular:
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = (try? bytes.withUnsafeMutableBytes { try tree.read(node, at: 0, into: $0) }) ?? 0
            precondition(Array(bytes.prefix(count)) != secret, "what lies outside was read")
        case .directory:
            for child in (try? tree.children(of: node)) ?? [] {
                precondition(!child.name.isEmpty && !child.name.contains(UInt8(ascii: "/")), "no name")
                open.append((child.node, depth + 1))
            }
        default: break
        }
    }
    precondition(remaining > 0, "more files than layers can have")
}

/// The bytes of the input, one after the other; zeros behind its end.
private struct Input {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
