// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// What became of a finished copy; one that could not get its name is an error.
enum CopyOutcome {
    /// The upper has it under a name.
    case named(LayerPlace)
    /// It has none by right: the file has lost its last one meanwhile. It lives as long as it is used.
    case nameless(LayerPlace)

    /// Where it is.
    var place: LayerPlace {
        switch self {
        case .named(let place), .nameless(let place): place
        }
    }
}

/// How a copy gets its name: at once, or not at all.
extension OverlayFileSystem {
    /// Gives a finished copy the name of the file that it is a copy of.
    ///
    /// - Parameters:
    ///   - name: of the copy; none where `directory` is the open copy itself.
    ///   - data: where its bytes are, if not in the copy.
    /// - Throws: what kept it from its name; then the file is what it was, and the next try may succeed.
    @discardableResult
    func place(
        _ name: [UInt8], in directory: Descriptor, as number: FileNumber, data: LayerPlace? = nil, _ upper: UpperLayer
    ) throws(Errno) -> CopyOutcome {
        try upper.changing { () throws(Errno) in
            let node = try nodes.node(number)
            let identity = FileIdentity(try directory.entryStatus(name))
            core.plainFiles?.remove(identity)
            let outcome = try publish(name, in: directory, node, identity, upper)
            nodes.update(number) { node in
                node.place = outcome.place
                node.identity = identity
                node.data = data
                node.key = .file(layer: 0, identity)
            }
            return outcome
        }
    }

    private func publish(
        _ name: [UInt8], in directory: Descriptor, _ node: OverlayNode, _ identity: FileIdentity, _ upper: UpperLayer
    ) throws(Errno) -> CopyOutcome {
        if node.isRemoved {
            let file = name.isEmpty ? directory : try directory.openEntryPath(name)
            return .nameless(LayerPlace(layer: 0, kind: .open(file)))
        }
        if node.isUpper, case .disk(let parent, let entry) = node.place.kind {
            try put(name, in: directory, to: parent, entry, over: true, upper)
            return .named(node.place)
        }
        let living = try livingName(of: node, upper)
        guard let copyName = node.copyName else {
            guard let living else { throw .staleNFSFileHandle }
            try put(name, in: directory, to: living.directory, living.name, upper)
            return .named(LayerPlace(layer: 0, kind: .disk(living.directory, living.name)))
        }
        // All names of the file, also those that nobody has looked at, lead to what `links` has: with that name it is the
        // whole copy.
        let shown = Int64(try core.status(of: node.place).linkCount) - Int64(upper.removedNames(of: copyName))
        try upper.setLinkTotal(shown, of: name, in: directory)
        try upper.addCopy(copyName, of: name, in: directory, inode: identity.inode)
        do throws(Errno) {
            if let living { try put(name, in: directory, to: living.directory, living.name, upper) }
        } catch {
            upper.removeCopy(copyName)
            throw error
        }
        upper.forgetRemoved(copyName)
        let place = LayerPlace(
            layer: 0, kind: .disk(living?.directory ?? upper.linksDirectory, living?.name ?? copyName))
        upper.settleLinkCount(of: copyName)
        return .named(place)
    }

    /// Gives a copy its name: an open file without one its first, another one in the place of that which it has.
    ///
    /// - Parameter isOver: whether it takes the place of what has the name.
    private func put(
        _ name: [UInt8], in directory: Descriptor, to parent: DiskDirectory, _ newName: [UInt8],
        over isOver: Bool = false,
        _ upper: UpperLayer
    ) throws(Errno) {
        let target = try core.directories.descriptor(of: parent)
        let times = try target.status()
        if name.isEmpty, !isOver {
            try directory.linkEntry(name, to: target, as: newName)
        } else if name.isEmpty {
            let spare = upper.temporaryName()
            do throws(Errno) {
                try directory.linkEntry(name, to: upper.temporary, as: spare)
                try upper.temporary.renameEntry(spare, to: target, as: newName)
            } catch {
                upper.removeRemains(spare)
                throw error
            }
        } else {
            try directory.renameEntry(name, to: target, as: newName, flags: isOver ? [] : .noReplace)
        }
        restoreTimes(times, of: target, upper)
    }

    /// A name that a file still has, and the upper's directory for it; nil where no known name is one.
    ///
    /// The last one first: it is most likely the one that is written to, and the only one that the kernel would give the
    /// copy.
    private func livingName(
        of node: OverlayNode, _ upper: UpperLayer
    ) throws(Errno) -> (directory: DiskDirectory, name: [UInt8])? {
        for known in node.names.reversed() {
            do throws(Errno) {
                return (try upperDirectory(of: known.parent, upper), known.name)
            } catch {
                // The directory was removed, and the name with it. Any other error is the copy's.
                let isGone = try isRemoved(known.parent)
                guard isGone else { throw error }
            }
        }
        return nil
    }

    /// Whether a directory, or one around it, was removed.
    private func isRemoved(_ number: FileNumber) throws(Errno) -> Bool {
        var next = number
        while true {
            let node = try nodes.node(next)
            if node.isRemoved { return true }
            guard next != .root, let parent = node.parent else { return false }
            next = parent
        }
    }
}
