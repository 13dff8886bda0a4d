// SPDX-License-Identifier: Apache-2.0

package import Bolt
import OCI

/// A database of trivy's, schema 2: advisories by source and package, and what is known of each vulnerability.
package struct AdvisoryDatabase: Sendable {
    /// An advisory with the identifier that it is kept under.
    struct Kept {
        let id: String
        let advisory: Advisory
    }

    private static let vulnerabilities = "vulnerability"
    private static let sources = "data-source"
    /// Bytes of one value.
    private static let valueLimit = 16 << 20
    /// Bytes of a name that is looked for.
    private static let nameLimit = 1024

    private let file: BoltFile
    private let object: String

    /// Takes a database.
    ///
    /// - Throws: `AdvisoryError` where it is none, or has no vulnerabilities.
    package init(_ file: BoltFile, object: String) throws(AdvisoryError) {
        self.file = file
        self.object = object
        let hasVulnerabilities = try read { (root) throws(BoltError) in try root.bucket(Self.vulnerabilities) != nil }
        guard hasVulnerabilities else {
            throw AdvisoryError("\(object): is a bbolt database, but not one of advisories")
        }
    }

    private func read<Result>(
        _ body: (BoltBucket) throws(BoltError) -> Result
    ) throws(AdvisoryError) -> Result {
        do throws(BoltError) {
            return try file.read(body)
        } catch {
            throw AdvisoryError(error)
        }
    }

    private func decoded<Value: Decodable>(
        _ type: Value.Type, _ json: [UInt8], _ place: @autoclosure () -> String
    ) throws(AdvisoryError) -> Value {
        do throws(FormatError) {
            return try decode(type, json, name: "\(object): \(place())", limit: Self.valueLimit)
        } catch {
            throw AdvisoryError(error)
        }
    }

    /// Whether there are advisories of a name.
    package func has(_ bucket: String) throws(AdvisoryError) -> Bool {
        try read { (root) throws(BoltError) in try root.bucket(bucket) != nil }
    }

    /// The names of all sources of advisories that begin with a text.
    package func names(startingWith prefix: String) throws(AdvisoryError) -> [String] {
        try read { (root) throws(BoltError) in
            try root.bucketNames(startingWith: prefix).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The names of all sources of advisories.
    package func names() throws(AdvisoryError) -> [String] {
        try names(startingWith: "").filter {
            ![Self.vulnerabilities, Self.sources, RedHatProducts.bucket, "trivy"].contains($0)
        }
    }

    /// The advisories of a package in a bucket.
    func advisories(of package: [UInt8], in bucket: String) throws(AdvisoryError) -> [Kept] {
        guard !package.isEmpty, package.count <= Self.nameLimit else { return [] }
        let found: [([UInt8], [UInt8])] = try read { (root) throws(BoltError) in
            try root.bucket(bucket)?.bucket(package)?.entries().compactMap { key, content in
                guard case .value(let value) = content else { return nil }
                return (key, value)
            } ?? []
        }
        var kept: [Kept] = []
        for (key, value) in found {
            let id = String(decoding: key, as: UTF8.self)
            let advisory = try decoded(Advisory?.self, value, "\(bucket.printable): \(id.printable)")
            kept.append(Kept(id: id, advisory: advisory ?? Advisory()))
        }
        return kept
    }

    /// What is known of a vulnerability; nil where nothing is: it was rejected.
    package func details(of id: String) throws(AdvisoryError) -> VulnerabilityDetails? {
        guard id.utf8.count <= Self.nameLimit else { return nil }
        let value = try read { (root) throws(BoltError) in try root.bucket(Self.vulnerabilities)?.value(id) }
        guard let value else { return nil }
        return try decoded(VulnerabilityDetails.self, value, id.printable)
    }

    /// Who collected the advisories of a bucket; nil where nobody says so.
    package func source(of bucket: String) throws(AdvisoryError) -> AdvisorySource? {
        let value = try read { (root) throws(BoltError) in try root.bucket(Self.sources)?.value(bucket) }
        guard let value else { return nil }
        return try decoded(AdvisorySource.self, value, "\(Self.sources): \(bucket.printable)")
    }

    /// The numbers of a list of Red Hat's products.
    func products(_ list: String, _ name: String) throws(AdvisoryError) -> [Int] {
        let value = try read { (root) throws(BoltError) in
            try root.bucket(RedHatProducts.bucket)?.bucket(list)?.value(name)
        }
        guard let value else { return [] }
        return try decoded([Double].self, value, "\(RedHatProducts.bucket): \(name.printable)").compactMap {
            Int(exactly: $0)
        }
    }
}
