// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import Glibc
    import LinuxIO
    import SystemPackage
    import TestSupport
    import Testing
    import Threads

    @Suite(.timeLimit(.minutes(15))) struct FailurePlanTests {
        private let scratch = ScratchDirectory()

        @Test func `the call of a number fails, those before and after it are made`() throws {
            let plan = FailurePlan(.call(1, .noSpace))
            try plan.run {
                let file = try Descriptor.open(scratch.path("f"), O_RDWR | O_CREAT)
                #expect(throws: Errno.noSpace) { try file.write(Array("lost".utf8)) }
                try file.write(Array("kept".utf8))
                #expect(plan.openCount == 1)
            }
            #expect(try Descriptor.open(scratch.path("f")).readToEnd() == Array("kept".utf8))
            #expect((plan.callCount, plan.injectedCount, plan.openCount) == (3, 1, 0))
        }

        @Test func `all calls from a number on fail`() throws {
            let plan = FailurePlan(.callsFrom(1, .ioError))
            try plan.run {
                let file = try Descriptor.open(scratch.path("f"), O_RDWR | O_CREAT)
                for _ in 0..<3 { #expect(throws: Errno.ioError) { try file.size() } }
            }
            #expect(plan.injectedCount == 3)
        }

        @Test func `an interrupted call is made again`() throws {
            let (bytes, plan) = try withFailures(.interruptions) {
                let file = try Descriptor.open(scratch.path("f"), O_RDWR | O_CREAT)
                try file.write(Array("whole".utf8))
                return try Descriptor.open(scratch.path("f")).readToEnd()
            }
            #expect(bytes == Array("whole".utf8))
            #expect(plan.injectedCount == plan.callCount && plan.callCount == 7)
        }

        @Test func `bytes that are moved in parts arrive whole`() throws {
            let content = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
            let (bytes, plan) = try withFailures(.shortTransfers) {
                let file = try Descriptor.open(scratch.path("f"), O_RDWR | O_CREAT)
                try file.write(content)
                var bytes = [UInt8](repeating: 0, count: 2000)
                let count = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
                return Array(bytes.prefix(count))
            }
            #expect(bytes == content)
            #expect(plan.injectedCount > 10)
        }

        @Test func `a plan is inherited by threads that are started under it, and by no other`() throws {
            let plan = FailurePlan(.callsFrom(0, .tooManyOpenFiles))
            let other = WorkerThread { try Descriptor.open("/").size() }
            let thread = plan.run { WorkerThread { try Descriptor.open("/").size() } }
            // No thread could be started either: the work is done where it is waited for, still under the plan.
            #expect(throws: Errno.tooManyOpenFiles) { try thread.join() }
            _ = try other.join()
            let later = FailurePlan(.callsFrom(1, .tooManyOpenFiles))
            let started = try later.run { try WorkerThread.started { try Descriptor.open("/").size() } }
            #expect(throws: Errno.tooManyOpenFiles) { try started.join() }
            _ = try Descriptor.open("/")
        }

        @Test func `directories, attributes and mapped files come through the same door`() throws {
            scratch.file("f", "text")
            let plan = FailurePlan()
            try plan.run {
                let directory = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
                #expect(try directory.entryNames() == [Array("f".utf8)])
                let before = plan.callCount
                _ = try directory.entryXattrNames([])
                #expect(plan.callCount == before + 1)
                _ = try MappedFile(try directory.openBeneath("f"))
                #expect(plan.callCount == before + 6)
            }
        }

        @Test func `a loop finds a write that is lost, a false success and a descriptor that stays open`() throws {
            final class Kept { var descriptors: [Descriptor] = [] }
            let kept = Kept()
            let loop = FailureLoop(
                "careless", make: { ScratchDirectory() },
                operation: { place in
                    let file = try Descriptor.open(place.path("f"), O_WRONLY | O_CREAT | O_TRUNC)
                    // Swallows what must be told.
                    do { try file.write(Array("text".utf8)) } catch { kept.descriptors.append(file) }
                },
                state: { place in
                    fileExists(place.path("f")) ? try Descriptor.open(place.path("f")).readToEnd() : nil
                })
            let problems = try #require(throws: FailureLoopProblems.self) { try loop.run() }.problems
            #expect(problems.contains { $0.contains("nothing thrown, but the state is") })
            #expect(problems.contains { $0.contains("1 descriptors stay open") })
        }

        @Test func `a loop is content with a file that is written aside and renamed`() throws {
            let loop = FailureLoop(
                "careful",
                make: {
                    let scratch = ScratchDirectory()
                    scratch.file("f", "old")
                    return scratch
                },
                operation: { place in
                    let directory = try Descriptor.open(place.path, O_RDONLY | O_DIRECTORY)
                    let file = try directory.openBeneath("aside", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
                    try file.write(Array("new".utf8))
                    try file.synchronize()
                    try directory.rename("aside", to: directory, as: "f")
                },
                state: { try Descriptor.open($0.path("f")).readToEnd() },
                leftovers: { fileExists($0.path("aside")) ? ["aside"] : [] })
            let count = try loop.run()
            #expect(count.calls == 5)
            #expect(count.injected > 2 * 5)
        }
    }
#endif
