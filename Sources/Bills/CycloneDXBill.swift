// SPDX-License-Identifier: Apache-2.0

import OCI
import Packages

/// A document of CycloneDX, as far as it is read.
struct CycloneDXBill: Decodable {
    struct Property: Decodable {
        var name: String?
        var value: String?
    }

    struct Component: Decodable {
        var type: String?
        var name: String?
        var version: String?
        var purl: String?
        var properties: [Property]?
        var components: [Component]?
    }

    struct Metadata: Decodable {
        var component: Component?
    }

    var metadata: Metadata?
    var components: [Component]?
}

extension BillDocument {
    mutating func take(_ bill: CycloneDXBill) {
        // Components may have components; a document is at most so deep as its reader takes.
        var waiting = Array((bill.components ?? []).reversed())
        waiting += (bill.metadata?.component?.components ?? []).reversed()
        while let component = waiting.popLast(), packages.count <= Self.packageLimit {
            waiting += (component.components ?? []).reversed()
            if component.type == "operating-system" {
                setDistribution(component.name ?? "", component.version ?? "")
                continue
            }
            guard component.type != "file" else { continue }
            let isLibrary = component.type == "library" || component.type == "framework"
            take(component.purl, isLibrary: isLibrary) { billed in
                billed.take((component.properties ?? []).map { ($0.name ?? "", $0.value ?? "") })
            }
        }
    }
}

extension BilledPackage {
    /// Takes what tools write beside a component.
    mutating func take(_ properties: [(name: String, value: String)]) {
        var found: [String: [UInt8]] = [:]
        // Of two of a name the first one counts.
        for property in properties where found[property.name] == nil {
            found[property.name] = Array(property.value.utf8)
        }
        func first(_ names: String...) -> [UInt8]? { names.lazy.compactMap { found[$0] }.first { !$0.isEmpty } }
        let trivy = "aquasecurity:trivy:"
        if let name = first("cimg:source", trivy + "SrcName", "syft:metadata:source", "syft:metadata:originPackage") {
            var version = first("cimg:source:version", trivy + "SrcVersion", "syft:metadata:sourceVersion") ?? []
            // trivy has the parts of a version apart.
            if found["cimg:source"] == nil, !version.isEmpty {
                if let release = found[trivy + "SrcRelease"], !release.isEmpty {
                    version += [UInt8(ascii: "-")] + release
                }
                if let epoch = found[trivy + "SrcEpoch"], epoch != [UInt8(ascii: "0")], !epoch.isEmpty {
                    version = epoch + [UInt8(ascii: ":")] + version
                }
            }
            setSource(name, version)
        } else if let file = first("syft:metadata:sourceRpm"), let source = Package.source(ofFile: file[...]) {
            package.source = source
        }
        if let module = first(trivy + "Modularitylabel", "syft:metadata:modularityLabel"), package.modularity.isEmpty {
            package.modularity = module
        }
        if let path = first("cimg:record", trivy + "FilePath", "syft:location:0:path") { record = path }
        owner = first("cimg:owner")
        if let index = first("cimg:layer").flatMap({ Int(String(decoding: $0, as: UTF8.self)) }), index >= 0,
            let digest = first("cimg:layer:diff_id").flatMap({
                // What is no digest tells of no layer.
                try? Digest(parsing: String(decoding: $0, as: UTF8.self))
            })
        {
            layerPlace = LayerPlace(index: index, diffID: DiffID(digest))
        }
    }

    /// Takes the package of sources; one that is as the package itself is none.
    mutating func setSource(_ name: [UInt8], _ version: [UInt8]) {
        let isOwn = name == package.name && (version.isEmpty || version == package.version)
        package.source = isOwn ? nil : SourcePackage(name: name, version: version)
    }
}
