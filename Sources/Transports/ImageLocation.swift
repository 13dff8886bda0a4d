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
    /// The one at a place of the source's list, the first being 0: `:@0`.
    case position(Int)
}

/// Where an image comes from, as users write it: a transport, a path and sometimes which image is meant.
package struct ImageLocation: Sendable, Hashable {
    /// How the bytes at a path hold images.
    package enum Transport: String, Sendable, CaseIterable {
        /// `oci:DIRECTORY[:TAG|@DIGEST]`: an OCI image layout.
        case oci
        /// `oci-archive:FILE[:TAG|@DIGEST]`: an OCI image layout in a tar, which may be compressed; `-` is standard input
        /// or output.
        case ociArchive = "oci-archive"
        /// `docker-archive:FILE[:NAME|@DIGEST|:@POSITION]`: what `docker save` writes, which may be compressed; `-` is
        /// standard input or output.
        case dockerArchive = "docker-archive"
        /// `dir:DIRECTORY`: a manifest and its blobs in one directory, as skopeo writes it.
        case dir
        /// `rootfs:PATH`: a plain root file system, a directory or a tar.
        case rootfs
        /// `registry-dir:PATH[//REPOSITORY[:TAG|@DIGEST]]`: the storage folder of a registry.
        case registryDir = "registry-dir"

        /// Whether it is one file, which can be read and written as a stream.
        var isArchive: Bool { self == .ociArchive || self == .dockerArchive }
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
    /// - Parameters:
    ///   - text: an argument of a command, as `ArgumentText` has it: its path may be any bytes.
    ///   - exists: whether there is something at a path.
    /// - Returns: nil for a text that does not begin with a transport's name and a colon.
    /// - Throws: `SourceError` for a path, tag or digest that is none.
    package init?(
        parsing text: String, exists: (FilePath) -> Bool = { fileExists($0) }
    ) throws(SourceError) {
        guard let (transport, rest) = Self.transport(text) else { return nil }
        let object = text.printable
        guard !rest.isEmpty else { throw SourceError(object, "has no path") }
        guard !rest.contains(0) else { throw SourceError(object, "has a NUL character") }
        if transport == .registryDir {
            self = Self.registryDirectory(rest)
            return
        }
        guard transport != .dir && transport != .rootfs else {
            self.init(transport, Self.path(rest))
            return
        }
        let cuts = Self.cuts(rest)
        if transport.isArchive, rest.first == UInt8(ascii: "-"), rest.count == 1 || cuts.contains(rest.startIndex + 1) {
            let name = rest.dropFirst()
            self.init(transport, Self.standardStream, name.isEmpty ? .only : try Self.selection(name, object: object))
        } else if exists(Self.path(rest)) {
            self.init(transport, Self.path(rest))
        } else if let cut = cuts.first(where: { exists(Self.path(rest[..<$0])) }) ?? Self.likely(cuts, rest) {
            self.init(transport, Self.path(rest[..<cut]), try Self.selection(rest[cut...], object: object))
        } else {
            self.init(transport, Self.path(rest))
        }
    }

    /// The transport that an argument begins with, and the bytes behind its colon.
    private static func transport(_ text: String) -> (Transport, ArraySlice<UInt8>)? {
        let bytes = ArgumentText.bytes(of: text)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let transport = Transport(rawValue: String(decoding: bytes[..<colon], as: UTF8.self))
        else { return nil }
        return (transport, bytes[(colon + 1)...])
    }

    private static func path(_ bytes: ArraySlice<UInt8>) -> FilePath {
        FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
    }

    /// The path and, behind the last `//` that something follows, the repository.
    private static func registryDirectory(_ rest: ArraySlice<UInt8>) -> ImageLocation {
        guard let cut = rest.ranges(of: Array("//".utf8)).last(where: { $0.lowerBound != rest.startIndex }),
            cut.upperBound != rest.endIndex
        else { return ImageLocation(.registryDir, path(rest)) }
        let name = ArgumentText.text(of: Array(rest[cut.upperBound...]))
        return ImageLocation(.registryDir, path(rest[..<cut.lowerBound]), .name(name))
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
        guard transport != .dir && transport != .rootfs && transport != .registryDir, !exists(path),
            let (_, rest) = Self.transport(text)
        else { return }
        let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
        guard end != rest.startIndex else { return }
        let name = ArgumentText.text(of: Array(rest[end...].dropFirst()))
        self.init(transport, Self.path(rest[..<end]), name.isEmpty ? .only : .name(name))
        if transport == .dockerArchive, !name.isEmpty { selection = .name(try Self.archiveName(name, in: source)) }
    }

    /// The name of an image in a Docker archive, which cannot be loaded without a tag, or with a digest.
    private static func archiveName(_ text: String, in object: String) throws(SourceError) -> String {
        let reference: Reference
        do {
            reference = try Reference(parsing: text)
        } catch {
            throw SourceError(object, "\(error)")
        }
        guard reference.digest == nil else {
            throw SourceError(object, "\"\(text.printable)\": a digest cannot be given to what is written; give a tag")
        }
        return reference.tag == nil ? "\(text):latest" : text
    }

    /// The path that stands for standard input and output.
    private static let standardStream: FilePath = "-"

    /// Whether the archive is read from standard input, or written to standard output: `docker-archive:-`.
    package var isStandardStream: Bool { transport.isArchive && path == Self.standardStream }

    /// All places to cut a text, at colons and at signs, the longest path first.
    private static func cuts(_ text: ArraySlice<UInt8>) -> [Int] {
        text.indices.reversed().filter { index in
            guard index != text.startIndex else { return false }
            if text[index] == UInt8(ascii: ":") { return true }
            // The sign of a position belongs to the colon before it.
            let isPosition =
                text[text.index(before: index)] == UInt8(ascii: ":") && position(text[index...]) != nil
            return text[index] == UInt8(ascii: "@") && !isPosition
        }
    }

    /// The number of `@NUMBER`; nil for anything else.
    private static func position(_ text: some Collection<UInt8>) -> Int? {
        let digits = text.dropFirst()
        guard text.first == UInt8(ascii: "@"), (1...9).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    /// The cut that is meant where no path exists, so that the error names the right one.
    private static func likely(_ cuts: [Int], _ text: ArraySlice<UInt8>) -> Int? {
        let behindPath = cuts.filter { !text[$0...].contains(UInt8(ascii: "/")) }
        return behindPath.first { text[$0] == UInt8(ascii: "@") }
            ?? behindPath.first { text[$0] == UInt8(ascii: ":") && $0 + 1 != text.endIndex }
    }

    /// What is selected by a text that begins with the colon or at sign.
    private static func selection(_ text: ArraySlice<UInt8>, object: String) throws(SourceError) -> ImageSelection {
        let name = ArgumentText.text(of: Array(text.dropFirst()))
        guard text.first == UInt8(ascii: "@") else {
            guard !name.isEmpty else { throw SourceError(object, "has an empty tag") }
            return position(text.dropFirst()).map { .position($0) } ?? .name(name)
        }
        do {
            return .digest(try Digest(parsing: name))
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
        case .position(let position): "\(source):@\(position)"
        }
    }
}
