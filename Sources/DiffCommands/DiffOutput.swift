// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import LinuxIO

/// How a difference is shown on a terminal.
struct ColorOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Colours: auto (on a terminal), always, never.", valueName: "when"))
    var color = ColorChoice.auto

    @Flag(help: "Do not start a pager.")
    var noPager = false

    /// Makes the options for the parser.
    init() {}
}

/// Where a difference is printed: through a pager and in colours where a person reads it.
final class DiffOutput {
    private let paged: PagedOutput
    private var paint: DiffPaint?

    /// Makes an output.
    ///
    /// - Parameters:
    ///   - isMachineRead: whether it is JSON, which stays as it is.
    ///   - hasChanges: whether lines begin with the letter of a change.
    init(_ options: ColorOptions, isMachineRead: Bool, hasChanges: Bool) {
        paged = PagedOutput(paging: !options.noPager && !isMachineRead)
        guard !isMachineRead else { return }
        let isColored = hasChanges && options.color.isColored
        if isColored || StandardOutput.isPlainTerminal {
            paint = DiffPaint(isColored: isColored, isPlain: StandardOutput.isPlainTerminal)
        }
    }

    /// Writes whole lines.
    func write(_ bytes: [UInt8]) throws { try paged.write(paint?.painted(bytes) ?? bytes) }

    /// Waits for whoever reads.
    func finish() { paged.finish() }
}

/// Colours for the lines of a difference, as git has them, and arrows for terminals of few letters.
struct DiffPaint {
    private let isColored: Bool
    private let isPlain: Bool
    /// Whether the lines are those of a file, with what they were and what they are.
    private var isInText = false

    /// Makes one.
    ///
    /// - Parameters:
    ///   - isColored: whether lines get colours.
    ///   - isPlain: whether arrows are written in ASCII.
    init(isColored: Bool, isPlain: Bool) {
        self.isColored = isColored
        self.isPlain = isPlain
    }

    private enum Color: String {
        case bold = "1"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    /// Lines with their colours; whole lines must come.
    mutating func painted(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 4)
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            let text = isPlain ? Self.plain(line) : Array(line)
            if isColored, let color = color(of: line) {
                result += Array("\u{1B}[\(color.rawValue)m".utf8) + text + Array("\u{1B}[m\n".utf8)
            } else {
                result += text + [UInt8(ascii: "\n")]
            }
        }
        return result
    }

    private mutating func color(of line: ArraySlice<UInt8>) -> Color? {
        let start = String(decoding: line.prefix(2), as: UTF8.self)
        switch start {
        case "A ", "D ", "C ", "R ":
            isInText = false
            return start == "A " ? .green : start == "D " ? .red : start == "C " ? .yellow : .cyan
        case "@@":
            isInText = true
            return .cyan
        default: break
        }
        switch line.first {
        case UInt8(ascii: "+"): return isInText ? .green : .bold
        case UInt8(ascii: "-"): return isInText ? .red : .bold
        default: return nil
        }
    }

    /// A line with arrows of two signs.
    private static func plain(_ line: ArraySlice<UInt8>) -> [UInt8] {
        let arrow = Array("→".utf8)
        var result: [UInt8] = []
        var rest = line
        while let byte = rest.first {
            if byte == arrow[0], rest.starts(with: arrow) {
                result += Array("->".utf8)
                rest = rest.dropFirst(arrow.count)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
