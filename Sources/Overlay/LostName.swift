// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// A name that a file is about to lose: what can fail is done before the one call that takes the name, and taken back if
/// that fails.
struct LostName {
    /// The file, if it is known, and its name.
    var number: FileNumber?
    var name: OverlayNode.Name
    /// The file itself, if it is one of the upper.
    var anchor: Descriptor?
    /// What was known of a file that nobody has open, and that loses its last name.
    var status: LayerStatus?
    var isLast = false
    /// Takes back what was prepared.
    var undo: UnfinishedWork.Work?
    /// Ends the loss in what is kept besides the tree.
    var end: (@Sendable () -> Void)?
}

extension OverlayFileSystem {
    /// Runs `body`, which takes a name from a file: who has the file open keeps it.
    ///
    /// - Parameters:
    ///   - file: the one that loses the name; nil where nothing visible has it.
    ///   - isInUpper: whether the name is one of the upper.
    ///   - directory: the upper's directory.
    func losing(
        _ file: OverlayFile?, _ name: [UInt8], in parent: FileNumber, isInUpper: Bool, _ directory: Descriptor,
        _ upper: UpperLayer, _ body: () throws(Errno) -> Void
    ) throws(Errno) {
        guard let file else { return try body() }
        let lost = try prepare(file, name, in: parent, isInUpper: isInUpper, directory, upper)
        do throws(Errno) {
            try body()
        } catch {
            if let undo = lost.undo { upper.settle(undo) }
            throw error
        }
        lost.end?()
        forget(lost)
    }

    private func prepare(
        _ file: OverlayFile, _ name: [UInt8], in parent: FileNumber, isInUpper: Bool, _ directory: Descriptor,
        _ upper: UpperLayer
    ) throws(Errno) -> LostName {
        var lost = LostName(name: OverlayNode.Name(parent: parent, name: name))
        lost.isLast = file.status.linkCount <= 1
        if let number = nodes.known(file, name, in: parent) {
            lost.number = number
            // A copy whose names are lower ones lies among the links, which it leaves with the last of them.
            let isUpper = isInUpper || lost.isLast && file.place.layer == 0
            if isUpper, lost.isLast, try nodes.node(number).openCount == 0 {
                lost.status = file.status
            } else if isInUpper {
                lost.anchor = try directory.openEntryPath(name)
            } else if isUpper {
                let (open, entry) = try core.reach(file.place)
                lost.anchor = try open.openEntryPath(entry)
            }
        }
        let (core, isLast) = (core, lost.isLast)
        if let copyName = file.copyName, file.place.layer > 0 {
            // A name of a lower file without a copy.
            try upper.prepareLoss(of: copyName)
            lost.undo = { () throws(Errno) in try upper.recordRemoved(of: copyName) }
            lost.end = { upper.nameIsLost(of: copyName) }
        } else if let copyName = upper.copyName(of: file.status.identity) {
            if isLast {
                lost.end = { upper.removeCopy(copyName) }
            } else if isInUpper {
                try upper.relateLinkCount(of: file.place, core)
            } else {
                // The name is a lower one: the file system does not count it.
                let place = file.place
                let (open, entry) = try core.reach(place)
                try upper.relateLinkCount(of: entry, in: open, change: -1)
                lost.undo = { () throws(Errno) in
                    let (open, entry) = try core.reach(place)
                    try upper.relateLinkCount(of: entry, in: open, change: 1)
                }
            }
        }
        return lost
    }

    /// Takes note that a name is lost.
    private func forget(_ lost: LostName) {
        guard let number = lost.number else { return }
        nodes.update(number) { node in
            node.names.removeAll { $0 == lost.name }
            if lost.isLast { node.isRemoved = true }
            guard node.isUpper else { return }
            // The place may be of this name.
            if let anchor = lost.anchor { node.place = LayerPlace(layer: 0, kind: .open(anchor)) }
            if let status = lost.status {
                node.place = LayerPlace(layer: 0, kind: .gone(LayerPlace.LastStatus(status)))
            }
        }
        if lost.isLast { nodes.removeKey(of: number) }
    }
}
