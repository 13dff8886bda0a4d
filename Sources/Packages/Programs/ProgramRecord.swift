// SPDX-License-Identifier: Apache-2.0

/// What compilers write into the programs that they make.
package enum ProgramRecord {
    /// Bytes of a file's beginning that tell whether it can be one.
    package static let startByteCount = 4

    /// Whether bytes are the beginning of a program.
    package static func isProgram(_ start: [UInt8]) -> Bool { ELFFile.isProgram(start) }

    /// Reads the modules or crates that a program was built from; none where it does not say.
    ///
    /// - Parameter file: a program; damage in what its compiler wrote is a problem of the list.
    package static func read(_ file: RecordFile) -> PackageList {
        var list = PackageList()
        list.collect { (list) throws(RecordError) in
            let elf = try ELFFile(file)
            if let modules = try GoBuildInformation.read(elf) { list = modules }
            guard let section = elf.section(".dep-v0"), section.size > 0 else { return }
            guard section.size <= UInt64(PackageLimit.buildListByteCount) else {
                throw RecordError("list of crates", "is larger than \(PackageLimit.buildListByteCount) bytes")
            }
            let packed = try elf.file.bytes(at: section.offset, Int(section.size), of: "list of crates")
            let crates = try JSONManifest.crates(
                try Inflation.inflate(
                    packed, format: .zlib, limit: PackageLimit.buildListByteCount, object: "list of crates"))
            list.records += crates.records
        }
        return list
    }
}
