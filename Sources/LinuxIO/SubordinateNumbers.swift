// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage
import Threads

/// A range of numbers of users or groups.
package struct NumberRange: Hashable, Sendable {
    /// The first number.
    package var first: UInt32
    /// How many there are.
    package var count: UInt32

    /// Makes a range.
    package init(first: UInt32, count: UInt32) {
        self.first = first
        self.count = count
    }
}

/// The numbers that belong to a plain user besides the own one: those of `/etc/subuid` and `/etc/subgid`.
package enum SubordinateNumbers {
    /// Why the numbers could not be taken.
    package struct Failure: Error, CustomStringConvertible {
        /// What was done and what came of it.
        package let description: String
    }

    /// Gives this process the rights over files of all these users and groups, in a user namespace in which the numbers
    /// are the same as outside.
    ///
    /// The process must have a single thread. The numbers must be the user's own or given to it: newuidmap(1) and
    /// newgidmap(1) decide. From then on set-user-ID programs such as fusermount3 do not work for it.
    ///
    /// Built on setns(2) with `CLONE_NEWUSER`; the namespace is made by a child that has ended by the return.
    package static func takeRights(users: [NumberRange], groups: [NumberRange]) throws {
        let pipe = try Pipe()
        let holder: ChildProcess
        do throws(Errno) {
            holder = ChildProcess(
                identifier: try retrying { clinux_hold_user_namespace(pipe.readEnd.rawValue, pipe.writeEnd.rawValue) })
        } catch {
            throw Failure(description: "cannot make a user namespace: \(error)")
        }
        defer {
            // Ends it.
            _ = try? pipe.writeEnd.write([0])
            _ = try? holder.wait()  // Nobody wants to know how it ends.
        }
        let handle = try ProcessHandle(identifier: holder.identifier)
        try map("newuidmap", holder.identifier, users)
        try map("newgidmap", holder.identifier, groups)
        do throws(Errno) {
            _ = try retrying { clinux_enter_user_namespace(handle.descriptor.rawValue) }
        } catch {
            throw Failure(description: "cannot enter a user namespace: \(error)")
        }
    }

    private static func map(_ program: String, _ process: Int32, _ ranges: [NumberRange]) throws {
        let numbers = ranges.flatMap { ["\($0.first)", "\($0.first)", "\($0.count)"] }
        let pipe = try Pipe()
        let (message, ending) = try run(program, [program, "\(process)"] + numbers, pipe.writeEnd, pipe.readEnd)
        guard ending != .exit(0) else { return }
        let text = String(decoding: message.prefix(400).filter { $0 >= 0x20 }, as: UTF8.self)
        throw Failure(description: "\(text.isEmpty ? program : text) (see subuid(5))")
    }

    private static func run(
        _ program: String, _ arguments: [String], _ output: Descriptor, _ input: Descriptor
    ) throws -> ([UInt8], ChildProcess.Ending) {
        let child: ChildProcess
        do throws(Errno) {
            child = try Spawn(program: program, arguments: arguments.map { Array($0.utf8) }, errorOutput: output)
                .start()
        } catch {
            throw Failure(
                description: error == .noSuchFileOrDirectory
                    ? "\(program) is missing: install the package uidmap" : "\(program): \(error)")
        }
        let ending = try child.wait()
        // What it says is far less than a pipe holds.
        var message = [UInt8](repeating: 0, count: 4096)
        let flags = try retrying { fcntl(input.rawValue, F_GETFL) }
        _ = try retrying { fcntl(input.rawValue, F_SETFL, flags | O_NONBLOCK) }
        // It may have said nothing.
        let count = (try? message.withUnsafeMutableBytes { try input.read(into: $0) }) ?? 0
        return (Array(message.prefix(count)), ending)
    }
}
