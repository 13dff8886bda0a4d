// SPDX-License-Identifier: Apache-2.0

/// The header of an installed rpm package, as all of rpm's databases keep it: an index of tags, then their data.
struct RPMHeader {
    /// The tags that are asked for.
    enum Tag: Int {
        case headerDigest = 269, buildTime = 1006
        case name = 1000, version = 1001, release = 1002, epoch = 1003, vendor = 1011, license = 1014
        case architecture = 1022, sourceRPM = 1044
        case oldFileNames = 1027, fileModes = 1030, fileDigests = 1035, fileFlags = 1037
        case directoryIndexes = 1116, baseNames = 1117, directoryNames = 1118
        case fileDigestAlgorithm = 5011
        case modularityLabel = 5096
    }

    private struct Entry {
        let type: Int
        let offset: Int
        let count: Int
    }

    private static let object = "rpm header"
    private let blob: [UInt8]
    private let dataStart: Int
    private let dataEnd: Int
    private var entries: [Int: Entry] = [:]

    /// Reads the index; of two entries of one tag the last one counts.
    init(_ blob: [UInt8]) throws(RecordError) {
        guard blob.count <= PackageLimit.headerByteCount, let indexCount = blob.word(at: 0, .big),
            let dataCount = blob.word(at: 4, .big)
        else { throw RecordError(Self.object, "is too short or larger than \(PackageLimit.headerByteCount) bytes") }
        guard indexCount >= 1, indexCount <= blob.count / 16, dataCount <= blob.count,
            8 + 16 * indexCount + dataCount <= blob.count
        else { throw RecordError(Self.object, "tells more entries or data than it has bytes") }
        self.blob = blob
        dataStart = 8 + 16 * indexCount
        dataEnd = dataStart + dataCount
        for place in 0..<indexCount {
            let start = 8 + 16 * place
            guard let tag = blob.word(at: start, .big), let type = blob.word(at: start + 4, .big),
                let offset = blob.word(at: start + 8, .big), let count = blob.word(at: start + 12, .big)
            else { throw RecordError(Self.object, "ends in its index") }
            if Tag(rawValue: tag) != nil { entries[tag] = Entry(type: type, offset: offset, count: count) }
        }
    }

    private func damaged(_ tag: Tag, _ cause: String) -> RecordError {
        RecordError(Self.object, at: "tag \(tag.rawValue)", cause)
    }

    /// The data of an entry from its first byte on.
    private func start(_ entry: Entry, _ tag: Tag) throws(RecordError) -> Int {
        guard entry.offset <= dataEnd - dataStart else { throw damaged(tag, "lies outside the data") }
        return dataStart + entry.offset
    }

    /// The first string of a tag; empty where it is missing.
    func string(_ tag: Tag) throws(RecordError) -> [UInt8] {
        guard let entry = entries[tag.rawValue], entry.count > 0 else { return [] }
        guard entry.type == 6 || entry.type == 8 || entry.type == 9 else { throw damaged(tag, "is no string") }
        let rest = blob[try start(entry, tag)..<dataEnd]
        guard let end = rest.firstIndex(of: 0) else { throw damaged(tag, "has no end") }
        return Array(rest[..<end])
    }

    /// All strings of a tag.
    func strings(_ tag: Tag) throws(RecordError) -> [ArraySlice<UInt8>] {
        guard let entry = entries[tag.rawValue] else { return [] }
        guard entry.type == 8 || entry.type == 9 else { throw damaged(tag, "is no list of strings") }
        guard entry.count <= PackageLimit.files else {
            throw damaged(tag, "has more than \(PackageLimit.files) strings")
        }
        var rest = blob[try start(entry, tag)..<dataEnd]
        var strings: [ArraySlice<UInt8>] = []
        while strings.count < entry.count {
            guard let end = rest.firstIndex(of: 0) else { throw damaged(tag, "has fewer strings than it tells") }
            strings.append(rest[..<end])
            rest = rest[(end + 1)...]
        }
        return strings
    }

    /// All numbers of a tag.
    func numbers(_ tag: Tag) throws(RecordError) -> [UInt64] {
        guard let entry = entries[tag.rawValue] else { return [] }
        let width: Int
        switch entry.type {
        case 2: width = 1
        case 3: width = 2
        case 4: width = 4
        case 5: width = 8
        default: throw damaged(tag, "is no number")
        }
        let first = try start(entry, tag)
        guard entry.count <= (dataEnd - first) / width else { throw damaged(tag, "has fewer numbers than it tells") }
        return (0..<entry.count).compactMap { blob.number(at: first + $0 * width, width, .big) }
    }

    /// The package; nil for a key that signatures are checked with, which is kept as if it were one.
    func package() throws(RecordError) -> Package? {
        let name = try string(.name)
        if name.elementsEqual("gpg-pubkey".utf8) { return nil }
        let version = try string(.version)
        guard !name.isEmpty, !version.isEmpty else { throw RecordError(Self.object, "has no name or no version") }
        let release = try string(.release)
        var text = version
        if !release.isEmpty { text += [UInt8(ascii: "-")] + release }
        let epoch = try numbers(.epoch).first ?? 0
        if epoch > 0 { text = Array("\(epoch):".utf8) + text }
        var package = Package(.rpm, name: name, version: text)
        package.architecture = try string(.architecture)
        package.supplier = try string(.vendor)
        let licence = try string(.license)
        package.licences = licence.isEmpty ? [] : [licence]
        package.modularity = try string(.modularityLabel)
        package.build = try string(.headerDigest)
        if package.build.isEmpty { package.build = try numbers(.buildTime).first.map { Array("\($0)".utf8) } ?? [] }
        package.source = Self.source(try string(.sourceRPM), epoch: epoch)
        return package
    }

    /// The source package of `NAME-VERSION-RELEASE.src.rpm`, which has no epoch: the binary's is taken.
    static func source(_ file: [UInt8], epoch: UInt64) -> SourcePackage? {
        var rest = file[...]
        for suffix in [".src.rpm", ".nosrc.rpm"] where rest.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) {
            rest = rest.dropLast(suffix.utf8.count)
            guard let release = rest.lastIndex(of: UInt8(ascii: "-")),
                let version = rest[..<release].lastIndex(of: UInt8(ascii: "-"))
            else { return nil }
            let text = Array(rest[(version + 1)...])
            return SourcePackage(
                name: Array(rest[..<version]), version: epoch > 0 ? Array("\(epoch):".utf8) + text : text)
        }
        return nil
    }

    /// The first files that the package owns, without directories.
    func files(limit: Int = .max) throws(RecordError) -> [OwnedFile] {
        if limit == 0 { return [] }
        let paths = try paths(limit: limit)
        let modes = try numbers(.fileModes)
        let flags = try numbers(.fileFlags)
        let digests = entries[Tag.fileDigests.rawValue] == nil ? [] : try strings(.fileDigests)
        let algorithm = try numbers(.fileDigestAlgorithm).first ?? 1
        var files: [OwnedFile] = []
        files.reserveCapacity(paths.count)
        for (place, path) in paths.enumerated() {
            if place < modes.count, modes[place] & 0o170000 == 0o040000 { continue }
            var file = OwnedFile(path: path)
            if place < flags.count {
                file.isConfiguration = flags[place] & 1 != 0
                // Documentation, what may be missing, ghosts.
                file.mayBeMissing = flags[place] & (1 << 1 | 1 << 3 | 1 << 6) != 0
            }
            if place < digests.count, !digests[place].isEmpty, let bytes = digests[place].fromHexadecimal {
                switch (algorithm, bytes.count) {
                case (1, 16): file.checksum = .md5(bytes)
                case (2, 20): file.checksum = .sha1(bytes)
                case (8, 32): file.checksum = .sha256(bytes)
                default: break
                }
            }
            files.append(file)
        }
        return files
    }

    private func paths(limit: Int) throws(RecordError) -> [[UInt8]] {
        let bases = try strings(.baseNames)
        if bases.isEmpty { return try strings(.oldFileNames).map(Array.init) }
        let directories = try strings(.directoryNames)
        let indexes = try numbers(.directoryIndexes)
        guard indexes.count == bases.count else { throw damaged(.directoryIndexes, "has not one number for each file") }
        var paths: [[UInt8]] = []
        var byteCount = 0
        for (base, index) in zip(bases, indexes) {
            guard let index = Int(exactly: index), index < directories.count else {
                throw damaged(.directoryIndexes, "names a directory that is not there")
            }
            let path = directories[index] + base
            byteCount += path.count
            // Names can be told again and again; paths that are longer than the header tenfold are made up.
            guard byteCount <= 10 * PackageLimit.headerByteCount else {
                throw damaged(.baseNames, "makes too long paths")
            }
            paths.append(Array(path))
            if paths.count == limit { break }
        }
        return paths
    }
}
