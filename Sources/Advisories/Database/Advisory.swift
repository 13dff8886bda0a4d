// SPDX-License-Identifier: Apache-2.0

/// What a database says of one vulnerability in one package; what it leaves out is empty.
struct Advisory: Decodable {
    /// A part of an advisory, for some machines or some products.
    struct Entry: Decodable {
        /// A vulnerability with the vendor's own severity; without an identifier that of the advisory.
        struct Vulnerability: Decodable {
            var id = ""
            var severity = Severity.unknown

            private enum CodingKeys: String, CodingKey {
                case id = "ID"
                case severity = "Severity"
            }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                id = try container.decodeIfPresent(String.self, forKey: .id) ?? ""
                severity = Severity(rawValue: try container.number(.severity)) ?? .unknown
            }
        }

        var fixedVersion = ""
        var vulnerabilities: [Vulnerability] = []
        var architectures: [String] = []
        /// Numbers of products.
        var affected: [Int] = []
        var status = AdvisoryStatus.unknown
        var vendorIDs: [String] = []

        private enum CodingKeys: String, CodingKey {
            case fixedVersion = "FixedVersion"
            case vulnerabilities = "Cves"
            case architectures = "Arches"
            case affected = "Affected"
            case status = "Status"
            case vendorIDs = "VendorIDs"
            case vendorIDsInOtherLetters = "VendorIds"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            fixedVersion = try container.decodeIfPresent(String.self, forKey: .fixedVersion) ?? ""
            vulnerabilities = try container.decodeIfPresent([Vulnerability].self, forKey: .vulnerabilities) ?? []
            architectures = try container.decodeIfPresent([String].self, forKey: .architectures) ?? []
            affected = (try container.decodeIfPresent([Double].self, forKey: .affected) ?? []).compactMap {
                Int(exactly: $0)
            }
            status = AdvisoryStatus(rawValue: try container.number(.status)) ?? .unknown
            // Programs in Go take either spelling; a refusal of one means that it is the other.
            vendorIDs =
                try (try? container.decodeIfPresent([String].self, forKey: .vendorIDs))  // The other spelling is tried.
                ?? container.decodeIfPresent([String].self, forKey: .vendorIDsInOtherLetters) ?? []
        }
    }

    var vendorIDs: [String] = []
    var architectures: [String] = []
    var status = AdvisoryStatus.unknown
    var severity = Severity.unknown
    var fixedVersion = ""
    var affectedVersion = ""
    var vulnerableVersions: [String] = []
    var patchedVersions: [String] = []
    var unaffectedVersions: [String] = []
    var entries: [Entry] = []

    private enum CodingKeys: String, CodingKey {
        case vendorIDs = "VendorIDs"
        case architectures = "Arches"
        case status = "Status"
        case severity = "Severity"
        case fixedVersion = "FixedVersion"
        case affectedVersion = "AffectedVersion"
        case vulnerableVersions = "VulnerableVersions"
        case patchedVersions = "PatchedVersions"
        case unaffectedVersions = "UnaffectedVersions"
        case entries = "Entries"
    }

    /// One that says nothing but that the package is concerned.
    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func texts(_ key: CodingKeys) throws -> [String] {
            try container.decodeIfPresent([String].self, forKey: key) ?? []
        }
        vendorIDs = try texts(.vendorIDs)
        architectures = try texts(.architectures)
        status = AdvisoryStatus(rawValue: try container.number(.status)) ?? .unknown
        severity = Severity(rawValue: try container.number(.severity)) ?? .unknown
        fixedVersion = try container.decodeIfPresent(String.self, forKey: .fixedVersion) ?? ""
        affectedVersion = try container.decodeIfPresent(String.self, forKey: .affectedVersion) ?? ""
        vulnerableVersions = try texts(.vulnerableVersions)
        patchedVersions = try texts(.patchedVersions)
        unaffectedVersions = try texts(.unaffectedVersions)
        entries = try container.decodeIfPresent([Entry].self, forKey: .entries) ?? []
    }
}

extension KeyedDecodingContainer {
    /// A small number that may be written as `1.0`; 0 where there is none.
    fileprivate func number(_ key: Key) throws -> Int {
        Int(exactly: try decodeIfPresent(Double.self, forKey: key) ?? 0) ?? 0
    }
}
