// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Packages

/// Why a document is no bill of materials that can be read.
package struct BillError: Error, Equatable, CustomStringConvertible {
    /// The document, the place and what is wrong.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// A package that a bill of materials names.
package struct BilledPackage: Hashable, Sendable {
    /// The package.
    package var package: Package
    /// The record that whoever wrote the document found it in; empty where it does not say.
    package var record: [UInt8] = []
    /// The package of the system that owns the record; nil where the document tells of none.
    package var owner: [UInt8]?
    /// The place and the digest of the layer that brought it, where the document has both.
    package var layer: (index: Int, diffID: DiffID)? { layerPlace.map { ($0.index, $0.diffID) } }

    var layerPlace: LayerPlace?

    struct LayerPlace: Hashable {
        let index: Int
        let diffID: DiffID
    }

    init(_ package: Package) { self.package = package }
}

/// A bill of materials, of CycloneDX or of SPDX.
package struct BillDocument: Sendable {
    /// Whose format it has.
    package enum Form: String, Sendable {
        case cyclonedx = "CycloneDX"
        case spdx = "SPDX"
    }

    /// Its format.
    package let form: Form
    /// The distribution that it tells of; nil where it tells of none.
    package private(set) var distribution: OSRelease?
    /// The packages, in the document's order.
    package private(set) var packages: [BilledPackage] = []
    /// How many libraries it has that nothing names, so that nobody can look them up.
    package private(set) var unnamedCount = 0
    /// How many components it has of each type of package URL that is not known here.
    package private(set) var unknownTypes: [String: Int] = [:]

    /// Bytes of a document.
    package static let byteLimit = 128 << 20
    /// Packages of a document.
    static let packageLimit = 500_000
    /// Types that are told apart where they are not known.
    private static let typeLimit = 100

    /// Reads a document.
    ///
    /// - Parameters:
    ///   - json: its bytes, up to `byteLimit`.
    ///   - name: the document, for messages.
    /// - Throws: for what is no such document, and for one that is larger than the limits.
    package init(_ json: [UInt8], name: String) throws(BillError) {
        let shape: Shape
        do throws(FormatError) {
            shape = try decode(Shape.self, json, name: name, limit: Self.byteLimit)
            switch (shape.bomFormat, shape.spdxVersion) {
            case ("CycloneDX"?, nil):
                form = .cyclonedx
                try take(decode(CycloneDXBill.self, json, name: name, limit: Self.byteLimit))
            case (nil, let version?) where version.hasPrefix("SPDX-2."):
                form = .spdx
                try take(decode(SPDXBill.self, json, name: name, limit: Self.byteLimit))
            case (nil, let version?):
                throw FormatError(name, "is of \(version.printable); SPDX 2.2 and 2.3 can be read")
            default:
                throw FormatError(name, "is no bill of materials of CycloneDX or SPDX in JSON")
            }
        } catch {
            throw BillError("\(error)")
        }
        guard packages.count <= Self.packageLimit else {
            throw BillError("\(name): has more than \(Self.packageLimit) packages")
        }
        if distribution == nil { distribution = qualified }
    }

    /// What tells the formats apart.
    private struct Shape: Decodable {
        var bomFormat: String?
        var spdxVersion: String?
    }

    /// The distribution that the first of the system's packages is of.
    private var qualified: OSRelease?

    // MARK: - Taking

    mutating func setDistribution(_ name: String, _ version: String) {
        guard distribution == nil, !name.isEmpty else { return }
        var release = OSRelease([])
        release.id = Array(name.lowercased().utf8)
        release.versionID = Array(version.utf8)
        distribution = release
    }

    /// Takes a component: its package URL, and what `details` adds.
    ///
    /// - Parameter isLibrary: whether it is something that should have a name.
    mutating func take(_ url: String?, isLibrary: Bool, _ details: (inout BilledPackage) -> Void) {
        guard let url = url.flatMap({ PackageURL(parsing: Array($0.utf8)) }) else {
            if isLibrary { unnamedCount += 1 }
            return
        }
        guard let package = Package(url) else {
            // The object itself, or a file.
            guard url.type != "oci", url.type != "docker" else { return }
            if unknownTypes.count < Self.typeLimit || unknownTypes[url.type] != nil {
                unknownTypes[url.type, default: 0] += 1
            }
            return
        }
        var billed = BilledPackage(package)
        details(&billed)
        // One more than the limit tells that there are more.
        if packages.count <= Self.packageLimit { packages.append(billed) }
        if qualified == nil, package.kind.isSystem, let text = url.qualifiers["distro"] {
            let text = String(decoding: text, as: UTF8.self)
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            // `debian-12`, `opensuse-leap-15.5`, but `debian-sid`'s and `wolfi`'s have no number.
            let hasVersion = parts.count > 1 && parts.last?.first?.isNumber == true
            var release = OSRelease([])
            release.id = Array((hasVersion ? parts.dropLast().joined(separator: "-") : text).lowercased().utf8)
            if hasVersion, let version = parts.last { release.versionID = Array(version.utf8) }
            qualified = release
        }
    }
}
