// SPDX-License-Identifier: Apache-2.0

import CommandOptions
import LayerStore
import OCI
import Templates

/// What templates see of an image: the fields of `docker inspect` and `podman inspect`, and those of `skopeo inspect`.
struct ImageRecord {
    /// What skopeo tells.
    var skopeo: SkopeoView
    /// The names that the image has where it was found, `alpine:3`.
    var names: [String]
    /// Its configuration as it is written.
    private let details: ConfigurationDetails

    init(_ skopeo: SkopeoView, names: [String]) throws(FormatError) {
        self.skopeo = skopeo
        self.names = names
        details = try ConfigurationDetails(
            json: skopeo.image.configurationBytes, name: "configuration \(skopeo.image.manifest.config.digest)")
    }

    /// The fields.
    var value: TemplateValue {
        let image = skopeo.image
        let id = image.manifest.config.digest
        let known = skopeo.members.filter { $0.key != "RepoTags" }.map { ($0.key, templateValue($0.key, $0.value)) }
        var record = TemplateRecord(
            [
                ("Id", .string("\(id)")), ("RepoTags", .strings(names.isEmpty ? skopeo.tags : names)),
                ("RepoDigests", .strings(repositories.map { "\($0)@\(skopeo.digest)" })),
                ("Author", .string(image.configuration.author ?? "")), ("Config", .record(config)),
                ("Variant", .string(image.configuration.variant ?? "")),
                (
                    "RootFS",
                    .record([
                        ("Type", .string(image.configuration.rootfs.type)),
                        ("Layers", .strings(image.configuration.rootfs.diffIDs.map { "\($0)" })),
                    ])
                ),
            ] + known)
        let text = { (key: String) in details.members[key].map { TemplateValue($0) } ?? .string("") }
        record.aliases = [
            .init("ID", .string(id.hex)), .init("VirtualSize", .integer(skopeo.size)),
            .init("User", config["User"] ?? .string("")), .init("HealthCheck", config["Healthcheck"] ?? .nilPointer),
            .init("Comment", text("comment")), .init("OsVersion", text("os.version")),
            .init("ManifestType", .string(image.manifest.mediaType ?? "")),
            .init("Annotations", .strings(image.manifest.annotations)),
        ]
        return .record(record)
    }

    /// Labels and the like are maps whose missing keys are empty.
    private func templateValue(_ key: String, _ value: JSONValue) -> TemplateValue {
        switch key {
        case "Labels": .strings(skopeo.image.configuration.config?.labels)
        case "Env": .strings(skopeo.image.configuration.config?.env)
        default: TemplateValue(value)
        }
    }

    /// The repositories of the names.
    private var repositories: [String] {
        if names.isEmpty { return skopeo.name.isEmpty ? [] : [skopeo.name] }
        var repositories: [String] = []
        for name in names {
            let (repository, _) = FamiliarText.parts(of: name)
            if !repositories.contains(repository) { repositories.append(repository) }
        }
        return repositories
    }

    /// What a container of the image runs, in docker's order.
    private var config: TemplateRecord {
        let execution = skopeo.image.configuration.config
        let written = { (key: String) in
            details.execution[key].flatMap { $0 == .null ? nil : TemplateValue($0) }
        }
        var record = TemplateRecord([
            ("User", .string(execution?.user ?? "")),
            ("ExposedPorts", written("ExposedPorts").map(Self.set) ?? .strings(nil as [String: String]?)),
            ("Env", .strings(execution?.env)), ("Entrypoint", .strings(execution?.entrypoint)),
            ("Cmd", .strings(execution?.cmd)),
            ("Volumes", written("Volumes").map(Self.set) ?? .strings(nil as [String: String]?)),
            ("WorkingDir", .string(execution?.workingDir ?? "")), ("Labels", .strings(execution?.labels)),
            ("StopSignal", written("StopSignal") ?? .string("")),
            ("Healthcheck", written("Healthcheck") ?? .nilPointer),
            ("Shell", written("Shell") ?? .strings(nil as [String]?)),
            ("OnBuild", written("OnBuild") ?? .strings(nil as [String]?)),
        ])
        // Whatever else is written there answers too.
        record.aliases = details.execution.filter { record[$0.key] == nil }.map {
            .init($0.key, TemplateValue($0.value))
        }
        .sorted { $0.name < $1.name }
        return record
    }

    /// A map whose empty objects are not maps themselves: only its keys say something.
    private static func set(_ value: TemplateValue) -> TemplateValue {
        guard case .map(var map) = value else { return value }
        map.members = map.members.mapValues { $0 == .map(TemplateMap([:])) ? .record([]) : $0 }
        return .map(map)
    }

    /// What `--format` prints: a template filled in, or the field of a name alone.
    func formatted(_ format: String) throws -> String {
        try FormatOption.formatted(format, value)
    }
}
