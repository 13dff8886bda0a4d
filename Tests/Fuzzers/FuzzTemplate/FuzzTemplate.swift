// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Glibc
import OCI
import Templates

/// Mutated templates, filled in with values of every kind.
///
/// Beyond not crashing: what is made is no longer than its limit, and neither that nor a message has a control character
/// that the template did not have.
@main
enum FuzzTemplate {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private let value: TemplateValue = {
    var record = TemplateRecord([
        ("A", .string("a\u{1B}b\né")), ("B", .integer(.min)), ("C", .number(0.1)), ("D", .bool(true)),
        ("L", .list([.integer(1), .string("x"), .none, .list([.nilPointer])])),
        ("M", .strings(["a": "1", "a.b": "2", "\u{1B}": "\u{202E}"])), ("N", .strings(nil as [String]?)),
        ("P", .nilPointer), ("Z", .none), ("R", .record([("A", .number(-1e300))])),
    ])
    record.aliases = [.init("X", .list(Array(repeating: .string("word"), count: 20)))]
    return .record(record)
}()

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    do {
        let template = try Template(text)
        let result = try template.text(value)
        precondition(result.utf8.count <= TemplateLimit.output, "more than the limit")
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
            precondition(
                result.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 10 || $0 == 9 }, "a control character")
        }
        if result.utf8.count < 1000 { _ = try template.lines([value, value], headings: ["A": "a"]) }
    } catch {
        let message = "\(error)"
        precondition(message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a message")
    }
    return 0
}
