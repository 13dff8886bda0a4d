// SPDX-License-Identifier: Apache-2.0

package import OCI

extension JSONText {
    /// Writes any value; the keys of objects are sorted, but for those that have an order.
    package mutating func value(_ value: JSONValue, keyOrder: [String] = []) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .integer(let value): number(value)
        case .number(let value): number(value)
        case .string(let text): string(text)
        case .array(let values):
            beginArray()
            for value in values { self.value(value, keyOrder: keyOrder) }
            endArray()
        case .object(let members):
            beginObject()
            let rank = { (key: String) in keyOrder.firstIndex(of: key) ?? keyOrder.count }
            for (key, member) in members.sorted(by: { (rank($0.key), $0.key) < (rank($1.key), $1.key) }) {
                self.key(key)
                self.value(member, keyOrder: keyOrder)
            }
            endObject()
        }
    }
}
