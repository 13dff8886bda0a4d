// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text with control characters escaped, cut to 200 characters: fit for a message on a terminal.
    ///
    /// Whatever moves the cursor or turns the direction of writing becomes `\u{…}`, and what stands for a byte of an
    /// argument (`ArgumentText`) that byte: `\xff`.
    package var printable: String {
        var result = ""
        for (position, scalar) in unicodeScalars.enumerated() {
            if position == 200 { return result + "…" }
            if let byte = ArgumentText.byte(scalar) {
                result += "\\x" + String(byte, radix: 16)
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
