// SPDX-License-Identifier: Apache-2.0

import CYAML
import OCI
import Synchronization

/// What a YAML document says, as far as configuration files go: strings, lists and mappings with string keys.
///
/// Aliases and several documents in one file are refused; so is a key that is there twice.
package indirect enum YAMLValue: Equatable, Sendable {
    /// A scalar, and whether it is written without quotes: then it may stand for nothing, a number or a truth value.
    case scalar(String, isPlain: Bool)
    /// A list.
    case list([YAMLValue])
    /// A mapping; the order of its keys says nothing.
    case mapping([String: YAMLValue])

    /// Bytes of a document: 256 KiB.
    package static let byteLimit = 256 << 10
    /// Lists and mappings within each other.
    package static let depthLimit = 16

    /// Whether it stands for nothing.
    package var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = self else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    private static let loading = Mutex(())

    /// Reads a document; one without content is an empty mapping.
    ///
    /// - Parameters:
    ///   - bytes: all of it, up to `byteLimit`.
    ///   - name: the file, for messages.
    package init(_ bytes: [UInt8], name: String) throws(YAMLError) {
        guard bytes.count <= Self.byteLimit else { throw YAMLError("\(name): is larger than \(Self.byteLimit) bytes") }
        guard !bytes.isEmpty else {
            self = .mapping([:])
            return
        }
        let missing = Self.loading.withLock { _ in cyaml_load().map { String(cString: $0) } }
        if let missing {
            throw YAMLError("libyaml: \(missing.printable); install it: apt-get install libyaml-0-2")
        }
        let builder = Builder()
        var reason = [CChar](repeating: 0, count: 256)
        var line = 0
        let answer = bytes.withUnsafeBufferPointer { bytes in
            // SAFETY: the handler is called within this call only, in which the builder is kept alive.
            cyaml_parse(
                bytes.baseAddress, bytes.count,
                { context, event, text, count in
                    guard let context else { return 1 }
                    let builder = Unmanaged<Builder>.fromOpaque(context).takeUnretainedValue()
                    return builder.take(event, UnsafeBufferPointer(start: text, count: text == nil ? 0 : count))
                }, Unmanaged.passUnretained(builder).toOpaque(), &reason, reason.count, &line)
        }
        withExtendedLifetime(builder) {}
        if answer < 0 {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw YAMLError("\(name): line \(line): \(text.printable)")
        }
        if let problem = builder.problem { throw YAMLError("\(name): \(problem)") }
        guard let value = builder.value, !value.isNull else {
            self = .mapping([:])
            return
        }
        self = value
    }

    /// Puts events together.
    private final class Builder {
        private enum Open {
            case list([YAMLValue])
            case mapping([String: YAMLValue], key: String?)
        }

        private var open: [Open] = []
        private var documents = 0
        var value: YAMLValue?
        var problem: String?

        func take(_ event: Int32, _ text: UnsafeBufferPointer<UInt8>) -> Int32 {
            switch Int(event) {
            case Int(cyaml_document):
                documents += 1
                if documents > 1 { problem = "has several documents" }
            case Int(cyaml_alias): problem = "has an alias, which is not supported"
            case Int(cyaml_plain), Int(cyaml_quoted):
                let isPlain = Int(event) == Int(cyaml_plain)
                add(.scalar(String(decoding: text, as: UTF8.self), isPlain: isPlain))
            case Int(cyaml_sequence): begin(.list([]))
            case Int(cyaml_mapping): begin(.mapping([:], key: nil))
            default: end()
            }
            return problem == nil ? 0 : 1
        }

        private func begin(_ new: Open) {
            if open.count >= YAMLValue.depthLimit {
                problem = "has more than \(YAMLValue.depthLimit) lists and mappings within each other"
            }
            open.append(new)
        }

        private func end() {
            switch open.popLast() {
            case .list(let values)?: add(.list(values))
            case .mapping(let members, _)?: add(.mapping(members))
            case nil: break
            }
        }

        private func add(_ new: YAMLValue) {
            switch open.popLast() {
            case nil: value = new
            case .list(let values)?: open.append(.list(values + [new]))
            case .mapping(var members, let key)?:
                if let key {
                    if members.updateValue(new, forKey: key) != nil {
                        problem = "has \"\(key.printable)\" twice in one mapping"
                    }
                    open.append(.mapping(members, key: nil))
                } else if case .scalar(let text, _) = new {
                    open.append(.mapping(members, key: text))
                } else {
                    problem = "has a key that is no string"
                }
            }
        }
    }
}
