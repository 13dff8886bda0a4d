// SPDX-License-Identifier: Apache-2.0

import FileTree
import LinuxIO
package import OCI
package import SystemPackage

/// Which of the images of a source is meant.
package enum ImageSelection: Sendable, Hashable {
    /// The only one there is.
    case only
    /// The one of this name: a tag of an image layout, a name of a Docker archive.
    case name(String)
    /// The manifest of this digest; in a Docker archive also the configuration.
    case digest(Digest)
}

/// Where an image comes from, as users write it: a transport, a path and sometimes which image is meant.
package struct ImageLocation: Sendable, Hashable {
    /// How the bytes at a path hold images.
    package enum Transport: String, Sendable, CaseIterable {
        /// `oci:DIRECTORY[:TAG|@DIGEST]`: an OCI image layout.
        case oci
        /// `oci-archive:FILE[:TAG|@DIGEST]`: an OCI image layout in a tar, which may be compressed.
        case ociArchive = "oci-archive"
        /// `docker-archive:FILE[:NAME|@DIGEST]`: what `docker save` writes, which may be compressed.
        case dockerArchive = "docker-archive"
        /// `dir:DIRECTORY`: a manifest and its blobs in one directory, as skopeo writes it.
        case dir
        /// `rootfs:PATH`: a plain root file system, a directory or a tar.
        case rootfs
        /// `registry-dir:PATH[//REPOSITORY[:TAG|@DIGEST]]`: the storage folder of a registry.
        case registryDir = "registry-dir"
    }

    /// The transport.
    package var transport: Transport
    /// The directory or file.
    package var path: FilePath
    /// Which image is meant.
    package var selection: ImageSelection

    /// Makes a location.
    package init(_ transport: Transport, _ path: FilePath, _ selection: ImageSelection = .only) {
        self.transport = transport
        self.path = path
        self.selection = selection
    }

    /// Parses `TRANSPORT:PATH` and, where the transport has several images, `:TAG` or `@DIGEST` behind the path.
    ///
    /// Paths may hold colons: the longest beginning that exists on this machine is the path. Where none exists, the
    /// tag starts at the last colon behind the last slash.
    /// - Parameter exists: whether there is something at a path.
    /// - Returns: nil for a text that does not begin with a transport's name and a colon.
    /// - Throws: `SourceError` for a path, tag or digest that is none.
    package init?(
        parsing text: String, exists: (FilePath) -> Bool = { fileExists($0) }
    ) throws(SourceError) {
        guard let colon = text.firstIndex(of: ":"), let transport = Transport(rawValue: String(text[..<colon])) else {
            return nil
        }
        let rest = String(text[text.index(after: colon)...])
        let object = text.printable
        guard !rest.isEmpty else { throw SourceError(object, "has no path") }
        guard !rest.utf8.contains(0) else { throw SourceError(object, "has a NUL character") }
        if transport == .registryDir {
            self = Self.registryDirectory(rest)
            return
        }
        guard transport != .dir && transport != .rootfs else {
            self.init(transport, FilePath(rest))
            return
        }
        let splits = Self.splits(rest)
        if exists(FilePath(rest)) {
            self.init(transport, FilePath(rest))
        } else if let split = splits.first(where: { exists(FilePath($0.path)) }) ?? Self.likely(splits) {
            self.init(transport, FilePath(split.path), try Self.selection(split, object: object))
        } else {
            self.init(transport, FilePath(rest))
        }
    }

    /// The path and, behind the last `//` that something follows, the repository.
    private static func registryDirectory(_ rest: String) -> ImageLocation {
        guard let cut = rest.ranges(of: "//").last(where: { $0.lowerBound != rest.startIndex }),
            cut.upperBound != rest.endIndex
        else { return ImageLocation(.registryDir, FilePath(rest)) }
        let path = FilePath(String(rest[..<cut.lowerBound]))
        return ImageLocation(.registryDir, path, .name(String(rest[cut.upperBound...])))
    }

    /// Parses a location as a place to write to: what exists counts as in `init(parsing:exists:)`; otherwise the path
    /// ends at the first colon, so that names with colons can stand behind it.
    ///
    /// - Throws: `SourceError` as there.
    package init?(
        destination text: String, exists: (FilePath) -> Bool = { fileExists($0) }
    ) throws(SourceError) {
        guard let location = try ImageLocation(parsing: text, exists: exists) else { return nil }
        self = location
        guard transport != .dir && transport != .rootfs && transport != .registryDir, !exists(path) else { return }
        let rest = text.drop { $0 != ":" }.dropFirst()
        let path = rest.prefix { $0 != ":" }
        guard !path.isEmpty else { return }
        let name = rest.dropFirst(path.count + 1)
        self.init(transport, FilePath(String(path)), name.isEmpty ? .only : .name(String(name)))
    }

    private typealias Split = (path: String, separator: Character, name: String)

    /// All ways to cut a text at a colon or an at sign, the longest path first.
    private static func splits(_ text: String) -> [Split] {
        text.indices.reversed().compactMap { index in
            guard text[index] == ":" || text[index] == "@", index != text.startIndex else { return nil }
            return (String(text[..<index]), text[index], String(text[text.index(after: index)...]))
        }
    }

    /// The cut that is meant where no path exists, so that the error names the right one.
    private static func likely(_ splits: [Split]) -> Split? {
        splits.first { $0.separator == "@" && !$0.name.contains("/") }
            ?? splits.first { $0.separator == ":" && !$0.name.contains("/") && !$0.name.isEmpty }
    }

    private static func selection(_ split: Split, object: String) throws(SourceError) -> ImageSelection {
        guard split.separator == "@" else {
            guard !split.name.isEmpty else { throw SourceError(object, "has an empty tag") }
            return .name(split.name)
        }
        do {
            return .digest(try Digest(parsing: split.name))
        } catch {
            throw SourceError(object, "\(error)")
        }
    }
}

extension ImageLocation: CustomStringConvertible {
    /// The location without the image's name, with control characters escaped: `oci:/images`.
    package var source: String {
        let bytes = path.withPlatformString { start in
            UnsafeBufferPointer(start: start, count: path.length).map { UInt8(bitPattern: $0) }
        }
        return "\(transport.rawValue):\(Bytes.escaped(bytes))"
    }

    /// The location as users write it, with control characters escaped.
    package var description: String {
        switch selection {
        case .only: source
        case .name(let name): "\(source)\(transport == .registryDir ? "//" : ":")\(name.printable)"
        case .digest(let digest): "\(source)@\(digest)"
        }
    }
}
