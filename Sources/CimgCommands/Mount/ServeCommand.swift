// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// `cimg serve`: the background process of a mount; see `BackgroundServer`.
///
/// Its arguments are read here: the parser of the other commands takes longer than all that comes before the mount.
struct ServeCommand {
    private var source = ""
    private var descriptors = 0
    private var notes = false
    private var marks: UInt8?
    private var identifiers: [String] = []
    private var changing = false
    private var userRange: [String] = []
    private var groupRange: [String] = []
    private var upper: String?
    private var below = false
    private var discard: String?
    private var options: [String] = []
    private var mountpoint: String

    /// Reads options of the form `--name value` or `--name=value`, `--` and the mountpoint; nil for others.
    init?(_ arguments: [String]) {
        guard let last = arguments.last, arguments.count >= 2, arguments[arguments.count - 2] == "--" else {
            return nil
        }
        mountpoint = last
        var rest = arguments.dropLast(2)[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch parts[0] {
            case "--notes": notes = true
            case "--changing": changing = true
            case "--below": below = true
            default:
                guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else { return nil }
                guard set(parts[0], to: value) else { return nil }
            }
        }
    }

    private mutating func set(_ option: String, to value: String) -> Bool {
        switch option {
        case "--source": source = value
        case "--descriptors":
            guard let count = Int(value) else { return false }
            descriptors = count
        case "--marks":
            guard let number = UInt8(value) else { return false }
            marks = number
        case "--identifiers": identifiers.append(value)
        case "--user-range": userRange.append(value)
        case "--group-range": groupRange.append(value)
        case "--upper": upper = value
        case "--discard": discard = value
        case "-o": options.append(value)
        default: return false
        }
        return true
    }

    /// Serves until the mount ends.
    ///
    /// - Throws: `ExitCode`, when the reason is said.
    func run() throws {
        do {
            let served = try ServedContent(
                count: descriptors, hasNotes: notes, marks: marks, identifiers: identifiers, isChanging: changing,
                upper: upper)
            // Directories are opened as they are used.
            Spawn.raiseOpenFileLimit()
            let content = try served.content(inheritedDescriptors(served.count))
            let fileSystem = try openServed(below ? content.belowUpper : content)
            try FuseServer.serve(
                fileSystem, source: source, at: RawArguments.bytes(of: mountpoint),
                options: MountOptions(parsing: options, isRoot: geteuid() == 0, isWritable: upper != nil && !below),
                beforeServing: {
                    guard !userRange.isEmpty else { return }
                    try SubordinateNumbers.takeRights(
                        users: userRange.map(ServedContent.range), groups: groupRange.map(ServedContent.range))
                },
                isKept: { discard.map { !fileExists(FilePath(RawArguments.bytes(of: $0)).appending("upper")) } ?? true }
            ) { BackgroundServer.reportReady() }
            if let discard { DiscardedUpper(path: RawArguments.bytes(of: discard)).remove() }
        } catch {
            // `cimg mount` says on what and for whom. If it has gone, nobody is left to be told.
            _ = try? FileDescriptor.standardError.writeAll("\(error)\n".utf8)
            throw ExitCode(2)
        }
    }

    /// Takes over the descriptors from 3 on, which must be open.
    ///
    /// Those of a writable mount, with the lock of its upper, stay open under their numbers too, where `ServerProcess` finds them.
    private func inheritedDescriptors(_ count: Int) throws -> [Descriptor] {
        try (0..<count).map { index in
            let number = Int32(3 + index)
            _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
            guard upper != nil else { return Descriptor(owning: number) }
            return Descriptor(owning: try retrying { fcntl(number, F_DUPFD_CLOEXEC, Int32(3 + count)) })
        }
    }
}
