// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import EngineTrees
    import Engines
    import FileTree
    import SystemPackage
    import TestSupport
    import Testing
    import Threads

    /// Layers of an engine read as a tree while system calls fail.
    @Suite(.timeLimit(.minutes(15))) struct EngineTreeTests {
        @Test func `owners kept in attributes are seen or the tree is not`() throws {
            let scratch = ScratchDirectory()
            for name in ["upper", "lower"] {
                scratch.directory(name)
                try setXattr(scratch.path(name), "user.containers.override_stat", Array("7:8:0700".utf8))
            }
            let tree = EngineTree(
                layers: EngineLayers(
                    lowers: [EngineLayers.Directory(scratch.path("lower"))],
                    upper: EngineLayers.Directory(scratch.path("upper"))))
            var number = 0
            while true {
                let plan = FailurePlan(.call(number, .tooManyOpenFiles))
                let found = try? plan.run { try tree.tree(.whole, called: "box") }
                if let found {
                    let attributes = try found.attributes(of: found.root)
                    #expect([attributes.uid, attributes.gid] == [7, 8], "call \(number)")
                }
                guard plan.injectedCount > 0 else { break }
                number += 1
            }
            #expect(number > 2)
        }
    }
#endif
