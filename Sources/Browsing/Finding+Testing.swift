// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
package import OCI

/// A file that is asked, and what is known of it so far.
struct FindCandidate {
    let walked: WalkedFile
    var isPruned = false
    var isLast = false
    fileprivate var known: FileFacts?

    init(walked: WalkedFile) { self.walked = walked }
}

extension Finding {
    /// Whether a file passes a test.
    func passes(_ test: FindExpression.Test, _ candidate: inout FindCandidate) throws -> Bool {
        switch test {
        case .always(let value): return value
        case .name(let pattern):
            let walked = candidate.walked
            return pattern.matches(walked.nameStart < walked.path.count ? walked.name : walked.path)
        case .path(let pattern): return pattern.matches(candidate.walked.path)
        case .type(let types): return types & (1 << UInt16(candidate.walked.type.rawValue)) != 0
        case .permissions(let wanted): return wanted.matches(try facts(&candidate).permissions)
        case .uid(let number): return number.matches(UInt64(try facts(&candidate).uid))
        case .gid(let number): return number.matches(UInt64(try facts(&candidate).gid))
        case .unnamed(let names, let isGroup):
            let facts = try facts(&candidate)
            return names.name(of: isGroup ? facts.gid : facts.uid) == nil
        case .size(let number, let unit):
            let size = try facts(&candidate).size
            return number.matches(size / unit + (size % unit == 0 ? 0 : 1))
        case .links(let number): return number.matches(UInt64(try facts(&candidate).linkCount))
        case .newer(let time): return try facts(&candidate).mtime > time
        case .age(let number, let unit):
            return Self.age(of: try facts(&candidate).mtime, now, unit).map(number.matches) ?? false
        default: return try passesRarely(test, &candidate)
        }
    }

    @inline(__always)
    private func facts(_ candidate: inout FindCandidate) throws -> FileFacts {
        if let known = candidate.known { return known }
        let facts: FileFacts
        do {
            if let image {
                facts = FileFacts(try image.record(candidate.walked.node.rawValue))
            } else {
                facts = try tree.facts(of: candidate.walked.node)
            }
        } catch { throw tree.located(error, candidate.walked.path) }
        candidate.known = facts
        return facts
    }

    private func passesRarely(_ test: FindExpression.Test, _ candidate: inout FindCandidate) throws -> Bool {
        let type = candidate.walked.type
        if case .empty = test, type == .regular { return try facts(&candidate).size == 0 }
        let file = candidate.walked.file
        switch test {
        case .empty: return type == .directory ? try tree.isEmpty(file) : false
        case .target(let pattern):
            return type == .symbolicLink ? pattern.matches(try tree.attributes(of: file).target) : false
        case .xattr(let pattern):
            guard try tree.mayHaveXattrs(file) else { return false }
            return try tree.attributes(of: file).xattrs.contains { pattern.matches($0.name) }
        case .layer(let number):
            return try tree.layer(of: file).map { number.matches(UInt64($0.index)) } ?? false
        case .layerName(let digits):
            return try tree.layer(of: file).map { $0.diffID.digest.hex.utf8.starts(with: digits) } ?? false
        case .digest(let digits):
            return type == .regular ? try tree.digest(of: file).hex.utf8.starts(with: digits) : false
        default: return false
        }
    }

    /// How many whole units of time a file is old; nil for one that is of the future.
    private static func age(of time: Timestamp, _ now: Int64, _ unit: Int64) -> UInt64? {
        let (age, overflow) = now.subtractingReportingOverflow(time.seconds)
        return overflow || age < 0 ? nil : UInt64(age / unit)
    }
}

extension BrowsedTree {
    /// SHA-256 of a regular file's content, computed where it is not known.
    ///
    /// - Throws: `BrowsingError`.
    package func digest(of file: BrowsedFile) throws -> Digest {
        if let known = try knownDigest(of: file) { return known }
        var hasher = DigestHasher()
        try forEachPiece(of: file) { hasher.update($0) }
        return hasher.finish()
    }

    /// Whether a directory has no names.
    func isEmpty(_ directory: BrowsedFile) throws(BrowsingError) -> Bool {
        guard let mapped else { return try children(of: directory).isEmpty }
        return try at(directory.path) {
            var count = 0
            try mapped.image.readDirectory(try mapped.image.record(directory.node.rawValue), from: 0) { _ in
                count += 1
                return count < 3
            }
            return count < 3
        }
    }

    /// Whether a file may have extended attributes: a cheap question where the tree has an answer.
    func mayHaveXattrs(_ file: BrowsedFile) throws(BrowsingError) -> Bool {
        guard let mapped else { return true }
        return try at(file.path) { try mapped.image.record(file.node.rawValue).hasAttributes }
    }

    /// An error of the source with the path, which only then is copied.
    func located(_ error: any Error, _ path: UnsafeRawBufferPointer) -> any Error {
        do {
            return try at(Array(path)) { throw error }
        } catch { return error }
    }
}
