// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI
import OverlayLayers
import SystemPackage

/// A tree in which a file that cannot be read is a line, not the end.
///
/// - Parameter hasTimes: whether times and the link counts of directories count.
func lines(_ source: any TreeSource, hasTimes: Bool = true) throws -> [String] {
    var found: [String] = []
    var stack: [(path: String, node: TreeNode)] = [("", source.root)]
    while let (path, node) = stack.popLast() {
        for child in try source.children(of: node) {
            let path = path + "/" + Bytes.escaped(child.name)
            do {
                let attributes = try source.attributes(of: child.node)
                var line = "\(path) \(attributes.type) \(String(attributes.permissions, radix: 8)) \(attributes.uid)"
                let links = try source.linkCount(of: child.node)
                line += " \(attributes.gid) \(attributes.size)"
                if hasTimes || attributes.type != .directory { line += " \(links)" }
                if hasTimes { line += " \(attributes.mtime)" }
                line += " \(attributes.device) \(attributes.target)"
                for attribute in attributes.xattrs {
                    line += " \(Bytes.escaped(attribute.name))=\(Bytes.escaped(attribute.value))"
                }
                if attributes.type == .regular {
                    var bytes = [UInt8](repeating: 0, count: 64)
                    let count = try bytes.withUnsafeMutableBytes { try source.read(child.node, at: 0, into: $0) }
                    line += " \(Bytes.escaped(bytes[..<count]))"
                }
                found.append(line)
                if attributes.type == .directory { stack.append((path, child.node)) }
            } catch Errno.noSuchFileOrDirectory {
                // Kernel overlayfs lists whiteouts of directories that only one layer has, and denies them.
            } catch {
                found.append("\(path) unreadable")
            }
        }
    }
    return found.sorted()
}
