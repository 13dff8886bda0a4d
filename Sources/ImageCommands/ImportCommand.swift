// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import Glibc
package import LayerStore
import LinuxIO
import OCI
import Objects
import SystemPackage
import Transports

/// `cimg import`: takes an image into the store.
package struct ImportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take an image into the store.",
        discussion: """
            Every layer is read once: verified against its digests, inflated and indexed. The image can be mounted \
            when the command ends. With --layer, the source is a file with a layer, as "cimg export --layer" writes it. \
            Sources:

              oci:DIR[:TAG|@DIGEST]      an OCI image layout
              oci-archive:FILE[:TAG]     one in a tar
              docker-archive:FILE[:REF]  what "docker save" writes, compressed or not
              dir:DIR                    skopeo's directory of blobs
              rootfs:DIR-or-TAR          a plain root file system
              registry-dir:DIR//REPO[:TAG]  the storage folder of a registry
              docker://NAME              an image of a registry, as "cimg pull" takes it

            Examples:

              cimg import oci:images/alpine:3.20 alpine
              cimg import docker-archive:saved.tar.gz --platform linux/arm64
              docker save app | cimg import docker-archive:/dev/stdin app
              cimg import --layer --onto app:2 changes.tar.gz app:3

            Exit status: 0 imported, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var policy: PolicyOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "Where the image is.")
    var source: String

    @Argument(help: "What to call it; without it, what the source calls it.")
    var name: String?

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Flag(help: "Take the source for a file with a layer, to be laid over the image that --onto names.")
    var layer = false

    @Option(help: ArgumentHelp("The image below the layer, with --layer.", valueName: "image"))
    var onto: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print the digest only, and no progress.")
    var quiet = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--json", json), ("--quiet", quiet)])
            if let name { try ImageName.check(name) }
            if layer || onto != nil { return try importLayer() }
            if let image = RegistryName.explicit(source) { return try pull(image) }
            let stopwatch = Stopwatch()
            var finder = ObjectFinder(in: try policy.place(self.store))
            finder.platform = try platform.map { try Platform(parsing: $0) }
            let (image, given): (SourceImage, () throws -> String)
            do {
                (image, given) = try open(finder)
            } catch let problem {
                // It may be an artifact, which has no files to be opened; what is wrong with the source was said.
                let isTaken: Bool
                do { isTaken = try takeArtifact(finder.place) } catch { throw problem }
                guard isTaken else { throw problem }
                return
            }
            let name = try name ?? given()
            let store = try self.store.openStore()
            let expected = finder.tell(image, called: source, in: store, keepsBlobs: true)
            let meter = ProgressMeter("importing \(name)", expected: expected, isSilent: quiet)
            let stored = try meter.finishing { try store.add(image, keepsBlobs: true, progress: meter.report) }
            try store.name(name, stored.manifestDigest, telling: self.store.place)
            for line in stored.report.lines { StandardError.print("cimg: \(name): \(line)") }
            self.store.tell("\(name): tree \(ChainID(stored.diffIDs)) in the store \(store.path) after \(stopwatch)")
            try Self.settleBehind(store)
            try report(name, stored.manifestDigest, stored.diffIDs)
        }
    }

    /// Takes an artifact of a local source in.
    ///
    /// - Returns: whether there is one.
    private func takeArtifact(_ place: StorePlace) throws -> Bool {
        guard let location = try ImageLocation(parsing: source) else { return false }
        var given: String?
        if case .name(let text) = location.selection { given = text }
        let name = try name ?? Self.name(given, at: location)
        guard let digest = try place.takeArtifact(at: location, into: store.openStore(), as: name) else { return false }
        try report(name, digest, [])
        return true
    }

    /// Opens the source, and tells how to name what comes of it.
    private func open(_ finder: ObjectFinder) throws -> (SourceImage, name: () throws -> String) {
        if let location = try ImageLocation(parsing: source) {
            let image = try finder.open(location)
            return (image, { try Self.name(image.name, at: location) })
        }
        guard let found = try finder.engineImage(source) else {
            let hint =
                sourceGuess(source).map { "did you mean \($0.printable)?" }
                ?? "one begins with oci:, oci-archive:, docker-archive:, dir: or rootfs:"
            throw CommandError("\"\(source.printable)\": no source; \(hint)")
        }
        let image = try finder.source(of: found)
        return (
            image,
            {
                guard let name = image.name else {
                    throw CommandError("\"\(source.printable)\": give the image a name as second argument: it has none")
                }
                try ImageName.check(name)
                return name
            }
        )
    }

    /// The name of an image that the user gave none: what the source calls it, with the file's name before a bare tag.
    private static func name(_ given: String?, at location: ImageLocation) throws -> String {
        var base = location.path.lastComponent?.string ?? ""
        for suffix in [".gz", ".zst", ".tar", ".tgz"] where base.hasSuffix(suffix) && base.count > suffix.count {
            base.removeLast(suffix.count)
        }
        let name: String
        switch given {
        case .some(let given) where given.contains("/") || given.contains(":"): name = given
        case .some(let tag): name = "\(base):\(tag)"
        case nil: name = base
        }
        do {
            try ImageName.check(name)
        } catch {
            throw CommandError("\"\(location)\": give the image a name as second argument: \(error)")
        }
        return name
    }

    func report(_ name: String, _ digest: Digest, _ diffIDs: [DiffID]) throws {
        guard json else {
            try StandardOutput.write(quiet ? "\(digest)\n" : "\(name) \(digest)\n")
            return
        }
        var text = JSONText()
        text.beginObject()
        text.key("name")
        text.string(name)
        text.key("digest")
        text.string("\(digest)")
        text.key("layers")
        text.beginArray()
        for diffID in diffIDs { text.string("\(diffID)") }
        text.endArray()
        text.endObject()
        try StandardOutput.write(text.bytes)
    }

    /// Brings derived data to the disk behind the user's back: a process that outlives this one.
    package static func settleBehind(_ store: Store) throws {
        let null = try Descriptor.open("/dev/null", O_WRONLY)
        var arguments = ["cimg", "settle", "--root"].map { Array($0.utf8) }
        arguments.append(store.path.bytes)
        var spawn = Spawn(program: "/proc/self/exe", arguments: arguments, errorOutput: null)
        spawn.isDetached = true
        // Without it the data is derived again if the machine goes down before the disk has it.
        _ = try? spawn.start()
    }
}

/// `cimg settle`: brings derived data to the disk.
///
/// Started by `import`.
package struct SettleCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "settle", abstract: "Bring derived data to the disk.", shouldDisplay: false)

    @OptionGroup var store: StoreOptions

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            // A store that was removed meanwhile must not come back.
            guard fileExists(store.path.appending("oci-layout")) else { return }
            try store.openStore().settle()
        }
    }
}
