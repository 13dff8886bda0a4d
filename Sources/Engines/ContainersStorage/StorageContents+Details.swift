// SPDX-License-Identifier: Apache-2.0

import Bolt
import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

extension StorageContents {
    /// What a container was asked to be: from podman's database, else from what its runtime was told.
    func details(of id: String) throws(EngineError) -> EngineDetails {
        if let record = try podmanRecord(id) { return record.details }
        return try runtimeConfiguration(id)?.details ?? EngineDetails()
    }

    /// A container in the database of podman before 5 (bbolt); nil where it has none.
    private func podmanRecord(_ id: String) throws(EngineError) -> PodmanContainerRecord? {
        let place = "libpod/bolt_state.db"
        guard let file = try folders[0].openFile(place) else { return nil }
        let object = "\(engine.name): \(place)"
        let bytes: [UInt8]?
        do {
            bytes = try BoltFile(file, object: object).read { (root) throws(BoltError) in
                try root.bucket("ctr")?.bucket(id)?.value("config")
            }
        } catch {
            throw EngineError(error)
        }
        guard let bytes else { return nil }
        do {
            return try decode(PodmanContainerRecord.self, bytes, name: "\(object): \(id)", limit: EngineLimit.record)
        } catch {
            throw EngineError(error)
        }
    }
}

/// What is needed of podman's configuration of a container (libpod/container_config.go).
private struct PodmanContainerRecord: Decodable {
    var command: [String]?
    var entrypoint: [String]?
    var workDir: String?
    var user: String?
    var labels: [String: String]?
    var ports: [Port]?

    private enum CodingKeys: String, CodingKey {
        case command, entrypoint, workDir, user, labels
        case ports = "newPortMappings"
    }

    struct Port: Decodable {
        var address: String?
        var container: UInt16?
        var host: UInt16?
        var range: UInt16?
        var transport: String?

        private enum CodingKeys: String, CodingKey {
            case address = "host_ip"
            case container = "container_port"
            case host = "host_port"
            case range
            case transport = "protocol"
        }
    }

    var details: EngineDetails {
        let text = { (text: String?) in text.flatMap { $0.isEmpty ? nil : $0 } }
        var details = EngineDetails()
        details.command = (entrypoint ?? []) + (command ?? [])
        details.workingDirectory = text(workDir)
        details.user = text(user)
        details.labels = labels ?? [:]
        for port in ports ?? [] {
            guard let container = port.container else { continue }
            // A range is so many ports one after the other.
            for offset in 0..<min(max(1, port.range ?? 1), 1024) {
                let (inside, isBeyond) = container.addingReportingOverflow(offset)
                guard !isBeyond else { break }
                for transport in (text(port.transport) ?? "tcp").split(separator: ",") {
                    details.ports.append(
                        EnginePort(
                            container: inside, transport: String(transport), hostAddress: text(port.address),
                            host: port.host.flatMap { $0 == 0 ? nil : $0.addingReportingOverflow(offset).partialValue })
                    )
                }
            }
        }
        return details
    }
}
