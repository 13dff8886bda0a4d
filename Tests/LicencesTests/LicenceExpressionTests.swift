// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Licences

/// What of declared licences is an expression of SPDX's list.
struct LicenceExpressionTests {
    @Test(arguments: [
        ("MIT", "MIT"), ("mit", "MIT"), ("gpl-2.0-or-later and MIT", "GPL-2.0-or-later AND MIT"),
        ("(MIT OR Apache-2.0) AND BSD-3-Clause", "(MIT OR Apache-2.0) AND BSD-3-Clause"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LGPL-2.1+", "LGPL-2.1+"), ("GPLv2+ and BSD", nil), ("MIT OR", nil), ("(MIT", nil), ("MIT)", nil),
        ("MIT MIT", nil), ("", nil), ("MIT WITH MIT", nil), ("Classpath-exception-2.0", nil),
        ("(MIT) WITH Classpath-exception-2.0", nil),
    ])
    func `licences are expressions of the list, or none`(declared: String, expression: String?) {
        let licence = LicenceExpression(Array(declared.utf8))
        #expect(licence.expression.map { String(decoding: $0, as: UTF8.self) } == expression)
        #expect(licence.isSingle == (expression.map { !$0.contains(" ") } ?? false))
    }

    @Test func `a licence of endless words is none`() {
        let text = Array(String(repeating: "(", count: 1_000_000).utf8)
        #expect(LicenceExpression(text).expression == nil)
        #expect(LicenceExpression(Array(String(repeating: "MIT AND ", count: 100_000).utf8)).expression == nil)
    }
}
