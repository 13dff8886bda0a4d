// SPDX-License-Identifier: Apache-2.0

import CommandOptions
import Console
import Glibc
import LayerStore
import OCI
import Templates
import Transports

/// What templates see of a listed image: docker's fields, and what else `cimg images` lists.
struct ImageRow {
    /// The fields.
    let value: TemplateValue

    /// Headings of tables, as docker has them.
    static let headings = [
        "ID": "IMAGE ID", "CreatedSince": "CREATED", "CreatedAt": "CREATED AT", "Created": "CREATED",
    ]

    /// An image of the store; nil for one that cannot be read.
    init(_ reference: ImageReference, _ image: ImageDescription?, isShort: Bool) {
        let id = image.map {
            isShort ? String($0.manifest.config.digest.hex.prefix(12)) : "\($0.manifest.config.digest)"
        }
        let size = image.map { image in
            image.manifest.layers.reduce(Int64(0)) { sum, layer in
                let (total, overflow) = sum.addingReportingOverflow(layer.size)
                return overflow ? .max : total
            }
        }
        value = Self.value(
            reference.name, reference.descriptor.digest, image?.configuration.platform, id: id,
            created: image?.configuration.created, layers: image?.manifest.layers.count, size: size,
            isDamaged: image == nil)
    }

    /// An image of a source, of which no more is known.
    init(_ name: String?, _ digest: Digest?, _ platform: Platform?) {
        value = Self.value(name ?? "", digest, platform)
    }

    private static func value(
        _ name: String, _ digest: Digest?, _ platform: Platform?, id: String? = nil, created: String? = nil,
        layers: Int? = nil, size: Int64? = nil, isDamaged: Bool = false
    ) -> TemplateValue {
        let (repository, tag) = FamiliarText.parts(of: name)
        let moment = created.flatMap { Moment(parsing: $0) }
        var record = TemplateRecord([
            ("Name", .string(name)), ("Repository", .string(repository.isEmpty ? "<none>" : repository)),
            ("Tag", .string(tag ?? "<none>")), ("ID", .string(id ?? "")),
            ("Digest", .string(digest.map { "\($0)" } ?? "<none>")),
            ("CreatedAt", .string(moment.map { FamiliarText.time($0) } ?? created ?? "")),
            ("CreatedSince", .string(moment.map { $0.age(at: Moment(seconds: Int64(time(nil)))) + " ago" } ?? "N/A")),
            ("Size", .string(size.map { TextTable.size(max(0, $0)) } ?? "N/A")),
            ("Platform", .string(platform.map { "\($0)" } ?? "")),
            ("Layers", layers.map { .integer(Int64($0)) } ?? .none), ("Damaged", .bool(isDamaged)),
        ])
        record.aliases = [
            .init("Id", .string(id ?? "")), .init("Created", .string(created ?? "")),
            .init("VirtualSize", record["Size"] ?? .none), .init("Names", .strings(name.isEmpty ? [] : [name])),
        ]
        return .record(record)
    }
}
