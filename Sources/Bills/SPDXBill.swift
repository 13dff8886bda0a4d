// SPDX-License-Identifier: Apache-2.0

import OCI
import Packages

/// A document of SPDX 2, as far as it is read.
struct SPDXBill: Decodable {
    struct Reference: Decodable {
        var referenceType: String?
        var referenceLocator: String?
    }

    struct Part: Decodable {
        var name: String?
        var versionInfo: String?
        var sourceInfo: String?
        var comment: String?
        var primaryPackagePurpose: String?
        var externalRefs: [Reference]?
    }

    var packages: [Part]?
}

extension BillDocument {
    mutating func take(_ bill: SPDXBill) {
        for part in bill.packages ?? [] {
            guard packages.count <= Self.packageLimit else { return }
            if part.primaryPackagePurpose == "OPERATING-SYSTEM" {
                setDistribution(part.name ?? "", part.versionInfo ?? "")
                continue
            }
            let url = part.externalRefs?.first { $0.referenceType == "purl" }?.referenceLocator
            take(url, isLibrary: part.primaryPackagePurpose == "LIBRARY") { billed in
                billed.take(sourceInfo: part.sourceInfo ?? "")
                billed.take(comment: part.comment ?? "")
            }
        }
    }
}

extension BilledPackage {
    /// Takes `built from NAME VERSION`, as cimg and trivy write it.
    fileprivate mutating func take(sourceInfo text: String) {
        for start in ["built from ", "built package from: "] where text.hasPrefix(start) {
            let words = text.dropFirst(start.count).split(separator: " ")
            guard let name = words.first else { return }
            setSource(Array(name.utf8), Array((words.dropFirst().first ?? "").utf8))
        }
    }

    /// Takes what cimg writes: `record: PATH; layer NUMBER: DIFFID; owner: NAME`.
    fileprivate mutating func take(comment text: String) {
        guard text.hasPrefix("record: ") else { return }
        for (place, part) in text.split(separator: ";").enumerated() {
            let part = part.drop { $0 == " " }
            if place == 0 {
                record = Array(part.dropFirst("record: ".count).utf8)
            } else if part.hasPrefix("owner: ") {
                owner = Array(part.dropFirst("owner: ".count).utf8)
            } else if part.hasPrefix("layer "), let colon = part.firstIndex(of: ":"),
                let index = Int(part[..<colon].dropFirst("layer ".count)), index >= 0,
                // What is no digest tells of no layer.
                let digest = try? Digest(parsing: String(part[part.index(after: colon)...].drop { $0 == " " }))
            {
                layerPlace = LayerPlace(index: index, diffID: DiffID(digest))
            }
        }
    }
}
