// SPDX-License-Identifier: Apache-2.0

import OCI

extension RegistryConnection {
    /// What a registry says went wrong (distribution-spec, "Error Codes").
    private struct Complaints: Decodable {
        struct Complaint: Decodable {
            var code: String?
            var message: String?
        }

        var errors: [Complaint]?
    }

    /// The error that an answer of an unexpected status is for users.
    func failure(_ call: RegistryCall, _ answer: HTTPAnswer) -> RegistryError {
        // What cannot be read of a complaint is not needed.
        let bytes = (try? answer.bytes(limit: limits.errorByteCount)) ?? []
        let complaints = (try? decode(Complaints.self, bytes, name: "", limit: limits.errorByteCount))?.errors ?? []
        let said = complaints.first.flatMap { complaint -> String? in
            let text = [complaint.code, complaint.message].compactMap { $0 }.filter { !$0.isEmpty }
            return text.isEmpty ? nil : text.joined(separator: ": ").printable
        }
        let status = "\(host) answers \(answer.status)" + (said.map { ": \($0)" } ?? "")
        switch answer.status {
        case 401:
            // Of another server, or of one that does not ask as the standard says.
            return RegistryError(.denied, call.object, "\(status); log in with \"cimg login \(host)\"")
        case 403: return RegistryError(.denied, call.object, "\(status); this user may not do this")
        case 404: return RegistryError(.notFound, call.object, "not found: \(status)\(call.advice)")
        case 405, 415, 501: return RegistryError(.unsupported, call.object, status)
        case 429:
            return RegistryError(
                .failed, call.object, "\(status): too many requests; wait, or log in with \"cimg login \(host)\"")
        default: return RegistryError(.failed, call.object, status)
        }
    }

    /// Sends a request that must be answered with one of some statuses.
    func send(_ call: RegistryCall, expecting statuses: Set<Int>) throws -> HTTPAnswer {
        let answer = try send(call)
        guard statuses.contains(answer.status) else { throw failure(call, answer) }
        return answer
    }

    /// Reads a body whole.
    ///
    /// - Throws: `RegistryError` if it is longer than `limit`.
    func body(of answer: HTTPAnswer, _ object: String, limit: Int) throws -> [UInt8] {
        let bytes = try reading(object) { try answer.bytes(limit: limit) }
        guard bytes.count <= limit else {
            throw RegistryError(.tooLarge, object, "is larger than \(limit) bytes")
        }
        return bytes
    }
}
