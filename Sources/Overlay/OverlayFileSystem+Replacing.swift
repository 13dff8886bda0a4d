// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import Synchronization
import SystemPackage

/// What takes the place of what in a rename: one system call does it, or the first of two that the second can be taken
/// back with.
extension OverlayFileSystem {
    func exchange(
        _ name: [UInt8], in directory: FileNumber, _ newName: [UInt8], in newDirectory: FileNumber,
        _ move: NameChange, _ target: OverlayFile, _ upper: UpperLayer
    ) throws(Errno) {
        try prepare(name, move.source, in: directory, move.fromOpen, upper)
        try prepare(newName, target, in: newDirectory, move.toOpen, upper)
        try move.fromOpen.renameEntry(name, to: move.toOpen, as: newName, flags: .exchange)
        let numbers = (
            nodes.known(move.source, name, in: directory), nodes.known(target, newName, in: newDirectory)
        )
        moved(
            numbers.0, move.source, OverlayNode.Name(parent: directory, name: name), to: move.to,
            OverlayNode.Name(parent: newDirectory, name: newName))
        moved(
            numbers.1, target, OverlayNode.Name(parent: newDirectory, name: newName), to: move.from,
            OverlayNode.Name(parent: directory, name: name))
    }

    func replace(
        _ name: [UInt8], in directory: FileNumber, _ newName: [UInt8], in newDirectory: FileNumber,
        _ move: NameChange, _ upper: UpperLayer
    ) throws(Errno) {
        let isDirectory = !move.source.stack.isEmpty
        try replaceDotName(newName, in: move.toOpen, move.to, upper)
        let targetInUpper = try has(newName, in: move.toOpen)
        if let target = move.target {
            if !isDirectory, !target.stack.isEmpty { throw .isDirectory }
            if isDirectory, target.stack.isEmpty { throw .notDirectory }
            // Two names of one file: nothing is to be done.
            if !isDirectory, target.status.identity == move.source.status.identity, target.place.layer == 0 { return }
            if isDirectory {
                guard try core.list(target.stack).isEmpty else { throw .directoryNotEmpty }
            }
        }
        try prepare(name, move.source, in: directory, move.fromOpen, upper)
        let leavesWhiteout = try lowerHas(name, below: try directoryNode(directory))
        let number = nodes.known(move.source, name, in: directory)
        if isDirectory, targetInUpper {
            try replaceByDirectory(name, newName, move, leavesWhiteout: leavesWhiteout, upper)
        } else {
            let lost = isDirectory ? nil : move.target
            try losing(lost, newName, in: newDirectory, isInUpper: targetInUpper, move.toOpen, upper) {
                () throws(Errno) in
                try rename(
                    name, newName, move, leavesWhiteout: leavesWhiteout, isOver: targetInUpper, upper)
            }
        }
        if isDirectory, let target = move.target { forget(directory: target, newName, in: newDirectory) }
        moved(
            number, move.source, OverlayNode.Name(parent: directory, name: name), to: move.to,
            OverlayNode.Name(parent: newDirectory, name: newName))
    }

    /// Renames, and leaves a whiteout where the layers below have the old name.
    ///
    /// - Parameter isOver: whether the upper has something with the new name.
    private func rename(
        _ name: [UInt8], _ newName: [UInt8], _ move: NameChange, leavesWhiteout: Bool, isOver: Bool, _ upper: UpperLayer
    ) throws(Errno) {
        guard leavesWhiteout else { return try move.fromOpen.renameEntry(name, to: move.toOpen, as: newName) }
        if upper.leavesWhiteouts.load(ordering: .relaxed) {
            do throws(Errno) {
                return try move.fromOpen.renameEntry(name, to: move.toOpen, as: newName, flags: .whiteout)
            } catch {
                guard error == .invalidArgument || error == .notPermitted else { throw error }
            }
            upper.leavesWhiteouts.store(false, ordering: .relaxed)
        }
        let spare = upper.temporaryName()
        do throws(Errno) {
            try upper.makeWhiteout(spare, in: upper.temporary)
            try inTwoSteps(name, newName, move, isExchange: isOver) { () throws(Errno) in
                try upper.temporary.renameEntry(spare, to: move.fromOpen, as: name)
            }
        } catch {
            upper.removeRemains(spare)
            throw error
        }
    }

    /// Renames a directory to a name that the upper has: a whiteout's, or an empty directory's.
    private func replaceByDirectory(
        _ name: [UInt8], _ newName: [UInt8], _ move: NameChange, leavesWhiteout: Bool, _ upper: UpperLayer
    ) throws(Errno) {
        let isDirectory = move.target != nil
        let spare = upper.temporaryName()
        defer { upper.removeRemains(spare) }
        if leavesWhiteout, isDirectory { try upper.makeWhiteout(spare, in: upper.temporary) }
        // The old name then has what the new name had.
        try inTwoSteps(name, newName, move, isExchange: true) { () throws(Errno) in
            if leavesWhiteout {
                guard isDirectory else { return }
                try upper.temporary.renameEntry(spare, to: move.fromOpen, as: name, flags: .exchange)
            } else {
                try move.fromOpen.renameEntry(name, to: upper.temporary, as: spare)
            }
        }
    }

    /// Renames, then does something with the old name; where that fails, the rename is taken back.
    private func inTwoSteps(
        _ name: [UInt8], _ newName: [UInt8], _ move: NameChange, isExchange: Bool, _ second: () throws(Errno) -> Void
    ) throws(Errno) {
        let flags: RenameFlags = isExchange ? .exchange : .noReplace
        try move.fromOpen.renameEntry(name, to: move.toOpen, as: newName, flags: flags)
        do throws(Errno) {
            try second()
        } catch {
            let (from, to) = (move.fromOpen, move.toOpen)
            move.upper.settle { () throws(Errno) in try to.renameEntry(newName, to: from, as: name, flags: flags) }
            throw error
        }
    }

    /// Takes note of a file's new name.
    private func moved(
        _ number: FileNumber?, _ file: OverlayFile, _ old: OverlayNode.Name, to directory: DiskDirectory,
        _ new: OverlayNode.Name
    ) {
        if let top = file.stack.first, top.layer == 0, case .disk(let disk) = top.kind {
            core.directories.moved(disk, to: directory, as: new.name)
        }
        guard let number else { return }
        nodes.update(number) { node in
            if node.type == .directory {
                node.key = .directory(parent: new.parent, name: new.name)
            } else {
                node.names.removeAll { $0 == old }
                node.names.append(new)
                node.place = LayerPlace(layer: 0, kind: .disk(directory, new.name))
            }
        }
    }
}

/// The directories and files of a rename.
struct NameChange {
    let upper: UpperLayer
    let from: DiskDirectory
    let to: DiskDirectory
    let source: OverlayFile
    let target: OverlayFile?
    var fromOpen: Descriptor
    var toOpen: Descriptor
}
