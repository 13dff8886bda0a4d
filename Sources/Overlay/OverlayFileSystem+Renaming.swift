// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
package import SystemPackage

extension OverlayFileSystem {
    package func rename(
        _ name: [UInt8], in directory: FileNumber, to newName: [UInt8], in newDirectory: FileNumber, flags: UInt32
    ) throws(Errno) {
        let upper = try writableUpper()
        let flags = RenameFlags(rawValue: flags)
        guard flags.isSubset(of: [.noReplace, .exchange]), flags != [.noReplace, .exchange] else {
            throw .invalidArgument
        }
        guard newName.count <= 255 else { throw .fileNameTooLong }
        // Copied before the lock is taken. Who renames holds the names, but the file may be forgotten meanwhile.
        let held = try holding(name, in: directory, newName, in: newDirectory, flags)
        defer { for number in held { nodes.forget(number, count: 1) } }
        for number in held { try copyUp(number, needsBytes: false) }
        try upper.changing { () throws(Errno) in
            guard let source = try find(name, in: directoryNode(directory)) else { throw .noSuchFileOrDirectory }
            let target = try find(newName, in: directoryNode(newDirectory))
            if flags.contains(.noReplace), target != nil { throw .fileExists }
            if flags.contains(.exchange), target == nil { throw .noSuchFileOrDirectory }
            if try isInside(newDirectory, source, name, in: directory) { throw .invalidArgument }
            if let target, try isInside(directory, target, newName, in: newDirectory) {
                throw flags.contains(.exchange) ? .invalidArgument : .directoryNotEmpty
            }
            if directory == newDirectory, name == newName { return }
            let from = try upperDirectory(of: directory, upper)
            let to = try upperDirectory(of: newDirectory, upper)
            let move = NameChange(
                upper: upper, from: from, to: to, source: source, target: target,
                fromOpen: try core.directories.descriptor(of: from), toOpen: try core.directories.descriptor(of: to))
            // A lower file with several names has its copy, but not this name in the upper.
            try ensureName(name, source, in: directory, move.fromOpen, upper)
            if flags.contains(.exchange) {
                guard let target else { throw .noSuchFileOrDirectory }
                try ensureName(newName, target, in: newDirectory, move.toOpen, upper)
                try exchange(name, in: directory, newName, in: newDirectory, move, target, upper)
            } else {
                try replace(name, in: directory, newName, in: newDirectory, move, upper)
            }
        }
    }

    /// Whether a directory is another one, known by its name, or lies anywhere in it.
    private func isInside(
        _ number: FileNumber, _ file: OverlayFile, _ name: [UInt8], in parent: FileNumber
    ) throws(Errno) -> Bool {
        guard !file.stack.isEmpty, let outer = nodes.known(file, name, in: parent) else { return false }
        var next = number
        while next != outer {
            guard next != .root, let above = try nodes.node(next).parent else { return false }
            next = above
        }
        return true
    }

    /// References of the files that a rename needs in the upper.
    private func holding(
        _ name: [UInt8], in directory: FileNumber, _ newName: [UInt8], in newDirectory: FileNumber,
        _ flags: RenameFlags
    ) throws(Errno) -> [FileNumber] {
        let source = try take(name, in: directoryNode(directory), from: 0).number
        guard flags.contains(.exchange) else { return [source] }
        do throws(Errno) {
            return [source, try take(newName, in: directoryNode(newDirectory), from: 0).number]
        } catch {
            nodes.forget(source, count: 1)
            throw error
        }
    }

    /// Gives a copy the name in the upper that leads to it in a lower layer.
    private func ensureName(
        _ name: [UInt8], _ file: OverlayFile, in directory: FileNumber, _ target: Descriptor, _ upper: UpperLayer
    ) throws(Errno) {
        guard file.stack.isEmpty, let copyName = file.copyName, try !has(name, in: target) else { return }
        let (source, sourceName) = try core.reach(file.place)
        let shown = try status(of: file.place).linkCount
        // The count is the same with the name and without it.
        try upper.setLinkTotal(Int64(shown), of: sourceName, in: source)
        try source.linkEntry(sourceName, to: target, as: name)
        upper.settleLinkCount(of: copyName)
    }

    /// Makes sure that a directory still shows what it did wherever it is moved, and a file its bytes.
    func prepare(
        _ name: [UInt8], _ file: OverlayFile, in directory: FileNumber, _ open: Descriptor, _ upper: UpperLayer
    ) throws(Errno) {
        if file.stack.isEmpty {
            if file.data != nil { try redirect(name, in: directory, open, upper) }
            return
        }
        guard file.stack.contains(where: { $0.layer > 0 }) else {
            return try upper.mark("opaque", [UInt8(ascii: "y")], name, in: open)
        }
        guard upper.settings.redirectsDirectories else { throw .improperLink }
        try redirect(name, in: directory, open, upper)
    }

    /// Marks where the layers below have what is about to be moved.
    private func redirect(
        _ name: [UInt8], in directory: FileNumber, _ open: Descriptor, _ upper: UpperLayer
    ) throws(Errno) {
        let path = try lowerPath(name, in: directory)
        do throws(Errno) {
            try upper.mark("redirect", path.flatMap { [UInt8(ascii: "/")] + $0 }, name, in: open)
        } catch {
            // The path is longer than the file system's attributes: the program copies.
            guard error == .noSpace || error == .outOfRange || error == Errno(rawValue: E2BIG) else { throw error }
            throw .improperLink
        }
    }

    /// Where the layers below the upper have a directory, as a path from their root.
    private func lowerPath(_ name: [UInt8], in directory: FileNumber) throws(Errno) -> [[UInt8]] {
        var path: [[UInt8]] = []
        var (name, parent) = (name, directory)
        while true {
            let above = try directoryNode(parent)
            if let top = above.stack.first, top.layer == 0, case .disk(let disk) = top.kind,
                let marks = try core.inspect(LayerPlace(layer: 0, kind: .disk(disk, name)))?.marks,
                let redirect = marks.redirect
            {
                let components = redirect.split(separator: UInt8(ascii: "/")).map(Array.init)
                if redirect.first == UInt8(ascii: "/") { return components + path }
                path = components + path
            } else {
                path.insert(name, at: 0)
            }
            guard path.count < 4096 else { throw .improperLink }
            guard parent != .root, case .directory(let next, let nextName) = above.key else { return path }
            (name, parent) = (nextName, next)
        }
    }
}
