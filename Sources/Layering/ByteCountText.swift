// SPDX-License-Identifier: Apache-2.0

/// Sizes as people write them in rules: `20MB`, `1.5 GiB`, `4096`.
package enum ByteCountText {
    private static let units: [String: Double] = {
        var units = ["": 1.0, "b": 1.0]
        for (power, letter) in ["k", "m", "g", "t", "p", "e"].enumerated() {
            let (decimal, binary) = (
                (0...power).reduce(1.0) { value, _ in value * 1000 }, Double(1 << ((power + 1) * 10))
            )
            (units[letter], units[letter + "b"]) = (decimal, decimal)
            (units[letter + "i"], units[letter + "ib"]) = (binary, binary)
        }
        return units
    }()

    /// The number of bytes of a text; nil for another text, or more than can be counted.
    ///
    /// `k` and `kB` are 1000, `Ki` and `KiB` 1024; case does not matter, commas in the number neither.
    package static func parse(_ text: some StringProtocol) -> UInt64? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == ",") }
        let rest = text[number.endIndex...].trimmed.lowercased()
        guard let value = Double(String(number.filter { $0 != "," })), let unit = units[rest], value.isFinite,
            value >= 0,
            value * unit < Double(UInt64.max)
        else { return nil }
        return UInt64(value * unit)
    }
}

extension StringProtocol {
    /// Without blanks around it.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
