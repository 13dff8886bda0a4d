// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
import OCI
import Templates

/// What an image's configuration says of its containers and cimg does not need: ports, volumes, stop signal, healthcheck.
///
/// It is shown as it is written; what is not of the expected type is shown as the JSON that it is.
struct ExecutionFacts {
    private let written: [String: JSONValue]

    init(_ image: ImageDescription) throws(FormatError) {
        written = try ConfigurationDetails(
            json: image.configurationBytes, name: "configuration \(image.manifest.config.digest)"
        ).execution
    }

    /// The lines for people; what is not written has none.
    var facts: [[String]] {
        let names = [
            ("Ports:", "ExposedPorts"), ("Volumes:", "Volumes"), ("Shell:", "Shell"), ("StopSignal:", "StopSignal"),
            ("OnBuild:", "OnBuild"),
        ]
        var facts: [[String]] = names.compactMap { title, key in
            switch written[key] {
            case nil, .null, .string(""): nil
            case .string(let text): [title, text.printable]
            case .object(let members) where members.isEmpty: nil
            case .object(let members): [title, TemplateValue.strings(Self.sorted(members)).json]
            case .some(let value): [title, TemplateValue(value).json]
            }
        }
        if let check = written["Healthcheck"], check != .null { facts.append(["Healthcheck:", Self.text(check)]) }
        return facts
    }

    /// The members of a JSON object, keys and values.
    func write(to text: inout JSONText) {
        for (key, name) in [("exposed_ports", "ExposedPorts"), ("volumes", "Volumes")] {
            text.key(key)
            switch written[name] {
            case .object(let members):
                text.beginArray()
                for member in Self.sorted(members) { text.string(member) }
                text.endArray()
            case let other: text.value(other ?? .null)
            }
        }
        for (key, name) in [
            ("stop_signal", "StopSignal"), ("healthcheck", "Healthcheck"), ("shell", "Shell"), ("on_build", "OnBuild"),
        ] {
            text.key(key)
            text.value(written[name] ?? .null, keyOrder: ["Test", "Interval", "Timeout", "StartPeriod", "Retries"])
        }
    }

    private static func sorted(_ members: [String: JSONValue]) -> [String] {
        members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// A healthcheck's command as JSON, and its times behind it.
    private static func text(_ check: JSONValue) -> String {
        guard case .object(let members) = check, let test = members["Test"] else {
            return TemplateValue(check).json
        }
        var parts = [TemplateValue(test).json]
        for (title, key) in [("every", "Interval"), ("timeout", "Timeout"), ("start period", "StartPeriod")] {
            switch members[key] {
            case nil, .integer(0): continue
            case .integer(let nanoseconds): parts.append("\(title) \(GoDuration(nanoseconds: nanoseconds))")
            case .some(let value): parts.append("\(title) \(TemplateValue(value).json)")
            }
        }
        switch members["Retries"] {
        case nil, .integer(0): break
        case .some(let value): parts.append("retries \(TemplateValue(value).json)")
        }
        return parts.joined(separator: ", ")
    }
}
