// SPDX-License-Identifier: Apache-2.0

import OCI
import Web

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
        // As above.
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
        case 407:
            // What is not encrypted the proxy answers itself.
            let proxy = (try? HTTPProxy(for: answer.address, in: certificates.environment))?.name ?? "of \(host)"
            return RegistryError(
                .denied, call.object, "proxy \(proxy.printable): answers 407; \(NetworkFailure.wantsPassword)")
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

    /// Reads a document whole, as it was before the server coded it on the way (RFC 9110, section 8.4).
    ///
    /// Coded documents are not asked for, and some servers send them all the same.
    /// - Throws: `RegistryError` if it is longer than `limit`, coded or not.
    func body(of answer: HTTPAnswer, _ object: String, limit: Int) throws -> [UInt8] {
        try decoded(plainBody(of: answer, object, limit: limit), answer, object, limit: limit)
    }

    /// Undoes what the server did to a body that was read.
    func decoded(_ bytes: [UInt8], _ answer: HTTPAnswer, _ object: String, limit: Int) throws -> [UInt8] {
        guard let coding = answer.coding else { return bytes }
        guard ["gzip", "x-gzip", "zstd"].contains(coding) else {
            throw RegistryError(
                .unsupported, object, "\(host) sent it coded as \(coding.printable), which was not asked for")
        }
        do {
            return try ContentCoding.decoded(bytes, limit: limit)
        } catch ContentCoding.Failure.tooLarge {
            throw RegistryError(.tooLarge, object, "is larger than \(limit) bytes when it is decoded")
        } catch {
            throw RegistryError(.damaged, object, "what \(host) sent is no \(coding): \(error)")
        }
    }

    /// Reads a body whole, as it came.
    ///
    /// - Throws: `RegistryError` if it is longer than `limit`.
    func plainBody(of answer: HTTPAnswer, _ object: String, limit: Int) throws -> [UInt8] {
        let bytes = try reading(object) { try answer.bytes(limit: limit) }
        guard bytes.count <= limit else {
            throw RegistryError(.tooLarge, object, "is larger than \(limit) bytes")
        }
        return bytes
    }
}
