// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
import SystemPackage
import Trust

/// A home for gpg that nobody else has, gone with its owner: no keys, no options, no agent, no trust.
///
/// Keys and signatures are hostile bytes: what reads them here is confined to this home, see `Confinement`.
final class GPGHome: Sendable {
    let path: FilePath
    private let parent: Descriptor
    private let directory: Descriptor
    private let name: String
    /// Whose it is where root makes it.
    private let user = Confinement.stranger()

    /// Makes a home below `$TMPDIR` or `/tmp`.
    init() throws(SignatureError) {
        let base = getenv("TMPDIR").flatMap { $0.pointee == 0 ? nil : FilePath(platformString: $0) } ?? FilePath("/tmp")
        let name = "cimg-gpg-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        do throws(Errno) {
            parent = try Descriptor.open(base, O_RDONLY | O_DIRECTORY)
            try parent.makeEntryDirectory(Array(name.utf8), mode: 0o700)
            directory = try parent.openBeneath(name, O_RDONLY | O_DIRECTORY)
            try Confinement.give(directory, to: user)
        } catch {
            throw SignatureError(base.string.printable, "no directory for gpg can be made: \(error)")
        }
        self.name = name
        path = base.appending(name)
    }

    deinit {
        // What cannot be removed holds public keys only.
        try? parent.removeTree(name)
    }

    /// Writes a file into it.
    func write(_ bytes: [UInt8], as name: String) throws(SignatureError) {
        do throws(Errno) {
            try create(name).write(bytes)
        } catch {
            throw SignatureError("\(path)", "cannot be written to: \(error)")
        }
    }

    /// Makes a file in it.
    func create(_ name: String) throws(Errno) -> Descriptor {
        let file = try directory.openBeneath(name, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        try Confinement.give(file, to: user)
        return file
    }

    /// Reads a file of it; nil for none.
    func read(_ name: String, limit: Int) throws(SignatureError) -> [UInt8]? {
        try TrustFile.read(path.appending(name), limit: limit)
    }

    /// Removes a file of it, where there is one.
    func remove(_ name: String) throws(SignatureError) {
        do throws(Errno) {
            try directory.remove(name)
        } catch .noSuchFileOrDirectory {
        } catch {
            throw SignatureError("\(path)", "cannot be written to: \(error)")
        }
    }

    /// What gpg, which need not be able to come here by its name, calls a file of it.
    static func inner(_ name: String) -> String { "/proc/self/fd/4/\(name)" }

    /// What gpg may use: bytes of memory, seconds of a processor, bytes of a file.
    private static let limits: (memory: UInt64, seconds: UInt64, fileSize: UInt64) = (1 << 30, 60, 64 << 20)

    /// Runs gpg in this home and waits for its end.
    ///
    /// - Parameter output: the file of this home that gets its standard output; nil for nobody.
    /// - Returns: how it ended, what it says on its status lines, and what it tells people.
    func run(
        _ arguments: [String], output: String? = nil
    ) throws(SignatureError) -> (code: Int32, status: GPGStatus, words: String) {
        let fixed = [
            "gpg", "--homedir", "/proc/self/fd/4", "--no-options", "--batch", "--no-tty", "--no-autostart",
            "--disable-dirmngr", "--no-auto-key-retrieve", "--trust-model", "always", "--status-fd", "3",
        ]
        let environment = [
            "PATH=" + (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"), "HOME=/proc/self/fd/4",
            "GNUPGHOME=/proc/self/fd/4", "LC_ALL=C",
        ]
        do {
            var spawn = Spawn(
                program: "gpg", arguments: (fixed + arguments).map { Array($0.utf8) }, errorOutput: try create("words"))
            spawn.descriptors = [try create("status"), directory]
            spawn.standardOutput = try output.map { try create($0) }
            spawn.environment = environment.map { Array($0.utf8) }
            let child = try Confinement.start(
                spawn, home: directory, user: user, memory: Self.limits.memory, seconds: Self.limits.seconds,
                fileSize: Self.limits.fileSize)
            let ending = try child.wait()
            let status = GPGStatus(try read("status", limit: GPGStatus.byteLimit) ?? [])
            let words = Self.lastLine(try read("words", limit: GPGStatus.byteLimit) ?? [])
            switch ending {
            case .exit(let code): return (code, status, words)
            case .signal(let signal): throw SignatureError("gpg", "was killed by signal \(signal)")
            }
        } catch let error as SignatureError {
            throw error
        } catch Errno.noSuchFileOrDirectory {
            throw SignatureError("gpg", "is not in PATH; install it: apt-get install gpg")
        } catch {
            throw SignatureError("gpg", "cannot be run: \(error)")
        }
    }

    /// The last line that gpg wrote for people, without its name.
    static func lastLine(_ text: [UInt8]) -> String {
        let line = text.split(separator: UInt8(ascii: "\n")).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return (line.hasPrefix("gpg: ") ? String(line.dropFirst(5)) : line).printable
    }
}
