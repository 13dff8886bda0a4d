// SPDX-License-Identifier: Apache-2.0

extension Flattener {
    mutating func place(_ entry: LayerEntry, _ reference: FileReference, at path: EntryPath) throws {
        switch entry.kind {
        case .file(let attributes, _, _):
            try place(reference, attributes.type, at: path, entry: entry.path)
        case .hardLink(let target):
            let layer = layers[layers.count - 1].diffID
            // Engines look for it in the directory that the layer is unpacked into, which is their root then.
            let target = try Self.path(target, entry.path, of: layer, what: "hard link target: ", clamped: true)
            try placeLink(to: target, at: path, entry.path, reference.position)
        }
    }

    mutating func place(_ reference: FileReference, _ type: FileType, at path: EntryPath, entry: [UInt8]) throws {
        let isDirectory = type == .directory
        guard !path.name.isEmpty else {
            guard isDirectory else { throw failure(entry, "the root is not a directory") }
            if files[0].layer == ordinal { report.duplicateNames += 1 }
            files[0] = reference
            return
        }
        successor = nil
        let parent = try makeParent(path, entry: entry)
        successor = isDirectory ? nil : reference
        let hash = NameTable.hash(path.bytes, path.name, in: parent)
        var node: UInt32
        if let existing = table.find(path.bytes, path.name, in: parent, hash: hash) {
            countDuplicate(existing)
            if isDirectory && self.isDirectory(existing) {
                let file = Int(nodes[Int(existing)].file)
                if files[file].layer == Inode.noLayer {
                    report.missingParents -= 1
                    budget.giveBack(1, of: .impliedDirectories)
                }
                files[file] = reference
                node = existing
            } else if !isDirectory && !self.isDirectory(existing) {
                try replace(existing, with: files.count, type, entry: entry)
                files.append(reference)
                node = existing
            } else {
                remove(existing)
                node = try addNode(path.bytes, path.name, in: parent, hash: hash, reference, type, entry: entry)
            }
        } else {
            node = try addNode(path.bytes, path.name, in: parent, hash: hash, reference, type, entry: entry)
        }
        if isDirectory { lastPlace = Place(bytes: path.bytes, part: path.range, node: node) }
    }

    mutating func placeLink(
        to target: EntryPath, at path: EntryPath, _ entry: [UInt8], _ position: UInt64
    ) throws {
        guard !path.name.isEmpty else { throw failure(entry, "the root is not a directory") }
        let file: UInt32
        let type: FileType
        switch try self.target(target, entry: entry) {
        case .directory: throw failure(entry, "a hard link to a directory")
        case .file(let known, let knownType): (file, type) = (known, knownType)
        case .pending, .missing: (file, type) = (Self.pendingBit | UInt32(pending.count), .regular)
        }
        successor = nil
        let parent = try makeParent(path, entry: entry)
        if file & Self.pendingBit == 0 { successor = files[Int(file)] }
        let hash = NameTable.hash(path.bytes, path.name, in: parent)
        if let existing = table.find(path.bytes, path.name, in: parent, hash: hash) {
            guard nodes[Int(existing)].file != file else { return }
            countDuplicate(existing)
            remove(existing)
        }
        let node = try addNode(path.bytes, path.name, in: parent, hash: hash, file: file, type: type, entry: entry)
        if file & Self.pendingBit != 0 { pending.append(PendingLink(position: position, node: node)) }
    }

    /// Puts another file that is no directory into the place of one.
    private mutating func replace(_ node: UInt32, with file: Int, _ type: FileType, entry: [UInt8]) throws {
        guard files.count < Self.maximumFileCount else { throw tooManyFiles(entry) }
        if types[Int(node)] == .symbolicLink || type == .symbolicLink { lastPlace = Place() }
        noteLoss(of: nodes[Int(node)].file)
        nodes[Int(node)].file = UInt32(file)
        types[Int(node)] = type
        journal?.gain(UInt32(file), nil)
    }

    private mutating func noteLoss(of file: UInt32) {
        guard file & Self.pendingBit == 0 else { return }
        let (reference, layer, manner, incoming) = (files[Int(file)], ordinal, removal, successor)
        journal?.lose(file, reference, in: layer, manner, incoming)
    }

    /// Gives links whose target came later in the tar their files, links to such links included.
    mutating func placePending() throws {
        // A link that waits for others stands in the chain; whoever meets it there again has met a loop.
        var isInChain = [Bool](repeating: false, count: pending.count)
        var readByteCount = 0
        for first in pending.indices {
            var chain: [Int] = []
            var next = first
            while nodes[Int(pending[next].node)].file == Self.pendingBit | UInt32(next), !isInChain[next] {
                isInChain[next] = true
                chain.append(next)
                let link = pending[next]
                let (entry, target) = try read(link, &readByteCount)
                switch try self.target(target, entry: entry) {
                case .pending(let further): next = further
                case .directory: throw failure(entry, "a hard link to a directory")
                case .file(let file, let type):
                    for index in chain {
                        nodes[Int(pending[index].node)].file = file
                        types[Int(pending[index].node)] = type
                        let reference = files[Int(file)]
                        journal?.gain(file, reference)
                    }
                    chain = []
                case .missing: throw missingTarget(entry, target)
                }
            }
            if let unresolved = chain.first {
                let (entry, target) = try read(pending[unresolved], &readByteCount)
                throw missingTarget(entry, target)
            }
        }
        pending = []
    }

    /// The name and the target of a link, which are not held: they may be long.
    private func read(
        _ link: PendingLink, _ byteCount: inout Int
    ) throws -> (entry: [UInt8], target: EntryPath) {
        let layer = layers[layers.count - 1]
        let entry = try layer.path(at: link.position)
        guard case .hardLink(let target) = try layer.kind(at: link.position) else {
            throw failure(entry, "is no hard link any more")
        }
        byteCount += entry.count + target.count
        if byteCount > Self.residentByteCount {
            layer.release()
            byteCount = 0
        }
        return (entry, try Self.path(target, entry, of: layer.diffID, what: "hard link target: ", clamped: true))
    }

    func missingTarget(_ entry: [UInt8], _ target: EntryPath) -> LayerError {
        let target = Bytes.escaped(target.bytes[target.range].prefix(4096))
        return failure(entry, "hard link to a missing target \"\(target)\"")
    }

    mutating func countDuplicate(_ node: UInt32) {
        let file = nodes[Int(node)].file
        if file & Self.pendingBit != 0 || files[Int(file)].layer == ordinal { report.duplicateNames += 1 }
    }

    func tooManyFiles(_ entry: [UInt8]) -> LayerError {
        failure(entry, "more than \(Self.maximumFileCount) files in the image")
    }

    mutating func addDirectory(
        _ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32, hash: UInt32, entry: [UInt8]
    ) throws -> UInt32 {
        try take(1, of: .impliedDirectories, for: entry)
        report.missingParents += 1
        return try addNode(bytes, name, in: parent, hash: hash, .nobody, .directory, entry: entry)
    }

    mutating func addNode(
        _ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32, hash: UInt32, _ reference: FileReference,
        _ type: FileType, entry: [UInt8]
    ) throws -> UInt32 {
        let node = try addNode(
            bytes, name, in: parent, hash: hash, file: UInt32(files.count), type: type, entry: entry)
        files.append(reference)
        return node
    }

    mutating func addNode(
        _ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32, hash: UInt32, file: UInt32, type: FileType,
        entry: [UInt8]
    ) throws -> UInt32 {
        guard nodes.count < Self.maximumFileCount, files.count < Self.maximumFileCount else {
            throw tooManyFiles(entry)
        }
        try take(UInt64(name.count), of: .nameBytes, for: entry)
        guard table.hasRoom else { throw failure(entry, "the names of the image are longer than 4 GiB together") }
        let node = table.add(bytes, name, in: parent, hash: hash)
        let first = nodes[Int(parent)].firstChild
        nodes.append(Node(file: file, next: first))
        if type != .directory, file & Self.pendingBit == 0 {
            let reference = Int(file) < files.count ? files[Int(file)] : nil
            journal?.gain(file, reference)
        }
        types.append(type)
        if first != .max { nodes[Int(first)].previous = node }
        nodes[Int(parent)].firstChild = node
        return node
    }

    /// Takes a file and everything below it out of the tree.
    mutating func remove(_ node: UInt32) {
        let (previous, next) = (nodes[Int(node)].previous, nodes[Int(node)].next)
        if previous == .max {
            nodes[Int(table.parent(of: node))].firstChild = next
        } else {
            nodes[Int(previous)].next = next
        }
        if next != .max { nodes[Int(next)].previous = previous }
        nodes[Int(node)].next = .max
        if [.directory, .symbolicLink].contains(types[Int(node)]) { lastPlace = Place() }
        var stack = [node]
        while let gone = stack.popLast() {
            table.remove(gone)
            if isDirectory(gone), files[Int(nodes[Int(gone)].file)].layer == Inode.noLayer {
                report.missingParents -= 1
            }
            if !isDirectory(gone) { noteLoss(of: nodes[Int(gone)].file) }
            nodes[Int(gone)].file = Self.gone
            var child = nodes[Int(gone)].firstChild
            while child != .max {
                stack.append(child)
                child = nodes[Int(child)].next
            }
            nodes[Int(gone)].firstChild = .max
        }
    }
}
