// SPDX-License-Identifier: Apache-2.0

import FileSystems
package import FileTree
import LinuxIO
import Synchronization
package import SystemPackage

extension OverlayCore {
    /// The file that a name of a merged directory means; nil where there is none.
    ///
    /// - Parameter position: where in the stack to begin: nothing above has the name.
    /// - Throws: the `Errno` of a call; `.invalidArgument` or `.permissionDenied` for a redirection that leads nowhere
    ///   a name could; `.ioError` for a file whose bytes no layer has.
    package func find(
        _ name: [UInt8], in stack: [LayerDirectory], from position: Int = 0
    ) throws(Errno) -> OverlayFile? {
        guard name.count <= 255 else { throw .fileNameTooLong }
        var search = NameSearch(path: [name])
        var bases = stack[min(position, stack.count)...]
        while let base = bases.popFirst() {
            let wasAbsolute = search.isAbsolute
            let start = search.isAbsolute ? rootDirectory(of: base.layer) : base
            try look(&search, from: start)
            if search.isOver { break }
            // The path now counts from the root, so that every layer below may have it, not only those merged here.
            if search.isAbsolute, !wasAbsolute {
                bases = (base.layer + 1..<max(layers.count, base.layer + 1)).map { rootDirectory(of: $0) }[...]
            }
        }
        if search.needsData { throw .ioError }
        return search.found
    }

    /// A layer's own directory.
    private func rootDirectory(of layer: Int) -> LayerDirectory {
        switch layers[layer] {
        case .disk(let directory): LayerDirectory(layer: layer, kind: .disk(directory))
        case .tree: LayerDirectory(layer: layer, kind: .tree(.root))
        }
    }

    /// Follows the searched path in one layer, and takes note of what it finds and of where the layers below have it.
    private func look(_ search: inout NameSearch, from start: LayerDirectory) throws(Errno) {
        var directory = start
        let path = search.path
        var next: [[UInt8]] = []
        var followed = 0
        defer { search.path = next + path[followed...] }
        for (position, component) in path.enumerated() {
            let isLast = position == path.count - 1
            guard let step = try step(component, in: directory) else { return }
            next.append(component)
            followed = position + 1
            switch step {
            case .whiteout:
                search.isOver = true
                return
            case .file(let status, let place, let marks):
                if isLast, search.needsData, status.type != .regular {
                    search.isOver = true
                    return
                }
                guard status.type == .directory else {
                    guard isLast, !search.isDirectory else {
                        search.isOver = true
                        return
                    }
                    search.needsData = marks?.isMetadataOnly == true && status.type == .regular
                    search.isOver = !search.needsData
                    search.addFile(status, place)
                    guard search.needsData else { return }
                    try Self.follow(marks, &search, &next)
                    return
                }
                guard let child = self.directory(status, place, marks) else { throw .ioError }
                if isLast { search.addDirectory(status, child) }
                if marks?.opacity == .opaque {
                    search.isOver = true
                } else {
                    try Self.follow(marks, &search, &next)
                }
                directory = child
                if isLast { return }
            // An opaque directory on the way hides what is below it from the layers below, but not from this one.
            }
        }
    }

    /// Where the layers below have what a mark redirects.
    private static func follow(
        _ marks: OverlayMarks?, _ search: inout NameSearch, _ next: inout [[UInt8]]
    ) throws(Errno) {
        guard let redirect = marks?.redirect else { return }
        let isAbsolute = redirect.first == UInt8(ascii: "/")
        let components = redirect.dropFirst(isAbsolute ? 1 : 0)
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        guard components.count <= 4096 else { throw .fileNameTooLong }
        guard !components.isEmpty, isAbsolute || components.count == 1,
            !components.contains(where: { $0.isEmpty || $0.contains(0) })
        else { throw .invalidArgument }
        for component in components {
            guard component.count <= 255 else { throw .fileNameTooLong }
            guard component != [0x2E], component != [0x2E, 0x2E] else { throw .permissionDenied }
        }
        if isAbsolute {
            next = components
            search.isAbsolute = true
            search.isOver = false
        } else {
            next.removeLast()
            next += components
        }
    }

    /// A directory of a layer; in the upper, where directories are moved, always the same object for the same one.
    package func diskDirectory(
        _ name: [UInt8], in parent: DiskDirectory, _ identity: FileIdentity, _ layer: Int
    ) -> DiskDirectory {
        hasUpper && layer == 0
            ? directories.shared(name, in: parent, identity) : DiskDirectory(name, in: parent, identity)
    }

    /// What one directory of one layer says of a name; nil where it says nothing.
    private func step(_ name: [UInt8], in directory: LayerDirectory) throws(Errno) -> LayerStep? {
        switch directory.kind {
        case .tree(let parent):
            guard let tree = tree(directory.layer) else { throw .ioError }
            let found: FileAttributes
            do throws(Errno) {
                found = try tree.find(name, in: parent)
            } catch .noSuchFileOrDirectory { return nil }
            return .file(LayerStatus(found), LayerPlace(layer: directory.layer, kind: .tree(found.number)), nil)
        case .disk(let parent):
            if usesDotNames, name.starts(with: DotNames.prefix) { return nil }
            let place = LayerPlace(layer: directory.layer, kind: .disk(parent, name))
            guard let (status, found) = try inspect(place) else {
                guard usesDotNames, try mayHaveDotNames(parent), try hasEntry(DotNames.prefix + name, in: parent) else {
                    return nil
                }
                return .whiteout
            }
            var marks = found
            if isWhiteout(status, marks, in: directory) { return .whiteout }
            guard usesDotNames else { return .file(status, place, marks) }
            if status.type == .directory, try isOpaqueByName(name, in: parent) {
                marks = marks ?? OverlayMarks()
                marks?.opacity = .opaque
            }
            return .file(status, place, marks)
        }
    }

    /// Whether a file of a layer says that its name is nothing.
    package func isWhiteout(_ status: LayerStatus, _ marks: OverlayMarks?, in directory: LayerDirectory) -> Bool {
        status.isWhiteoutDevice && !options.marks.isEmpty
            || directory.mayMarkWhiteouts && marks?.isWhiteout == true && status.type == .regular && status.size == 0
    }

    /// Whether whiteouts may be names.
    package var usesDotNames: Bool { options.marks.contains(.dotNames) }

    /// Whether a directory may have whiteouts that are names; looked up once where nobody else makes any.
    package func mayHaveDotNames(_ directory: DiskDirectory) throws(Errno) -> Bool {
        guard hasUpper else { return true }
        if let known = directory.facts.withLock({ $0.hasDotNames }) { return known }
        let names = try directories.descriptor(of: directory).entries(leavingTimes: true)
        let found = names.contains { $0.name.starts(with: DotNames.prefix) }
        directory.facts.withLock { $0.hasDotNames = found }
        return found
    }

    private func isOpaqueByName(_ directory: [UInt8], in parent: DiskDirectory) throws(Errno) -> Bool {
        let open = try directories.descriptor(of: parent)
        for name in DotNames.opaque {
            do throws(Errno) {
                _ = try open.openPathBeneath(directory + [UInt8(ascii: "/")] + name)
                return true
            } catch .noSuchFileOrDirectory {} catch .notDirectory {} catch .tooManySymbolicLinkLevels {}
        }
        return false
    }

    private func hasEntry(_ name: [UInt8], in directory: DiskDirectory) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try directories.descriptor(of: directory).entryStatus(name)
            return true
        } catch .noSuchFileOrDirectory { return false } catch .fileNameTooLong { return false }
    }

    /// The merged directory's part that a found directory is.
    private func directory(_ status: LayerStatus, _ place: LayerPlace, _ marks: OverlayMarks?) -> LayerDirectory? {
        switch place.kind {
        case .open, .gone: nil
        case .tree(let number): LayerDirectory(layer: place.layer, kind: .tree(number))
        case .disk(let parent, let name):
            LayerDirectory(
                layer: place.layer, kind: .disk(diskDirectory(name, in: parent, status.identity, place.layer)),
                mayMarkWhiteouts: marks?.opacity == .whiteoutsByAttribute)
        }
    }
}

/// What a directory of a layer says of a name.
private enum LayerStep {
    /// That it is nothing, whatever is below.
    case whiteout
    /// That it is a file.
    case file(LayerStatus, LayerPlace, OverlayMarks?)
}

/// Whiteouts that are names.
package enum DotNames {
    /// What a whiteout begins with.
    package static let prefix = Array(".wh.".utf8)
    /// The names that make a directory opaque.
    package static let opaque = [Array(".wh..wh..opq".utf8), Array(".wh..opq".utf8)]
}

/// A name on its way down the layers.
private struct NameSearch {
    /// What the next layer is asked for: one name, or a path from its root.
    var path: [[UInt8]]
    var isAbsolute = false
    /// Whether no lower layer is asked.
    var isOver = false
    /// Whether a regular file was found whose bytes are further below.
    var needsData = false
    var found: OverlayFile?

    init(path: [[UInt8]]) { self.path = path }

    var isDirectory: Bool { found?.stack.isEmpty == false }

    mutating func addFile(_ status: LayerStatus, _ place: LayerPlace) {
        guard found != nil else {
            found = OverlayFile(status: status, place: place)
            return
        }
        found?.data = place
        found?.status.blockCount = status.blockCount
    }

    /// A directory's place is the directory itself, which stays good when it is renamed.
    mutating func addDirectory(_ status: LayerStatus, _ directory: LayerDirectory) {
        if found == nil { found = OverlayFile(status: status, place: directory.place) }
        found?.stack.append(directory)
    }
}
