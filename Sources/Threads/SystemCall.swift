// SPDX-License-Identifier: Apache-2.0

public import Glibc
public import SystemPackage

// The one door to the kernel: `errno` is read nowhere else. In debug builds a `FailurePlan` of the calling thread decides
// here which calls fail; release builds have nothing of it. Everything here is inlined into the module that calls: it is
// part of every read.

/// Runs a system call until it is not interrupted; throws the `Errno` it failed with.
///
/// The call's result is -1 exactly on failure. `errno` is read before anything else can change it.
@inlinable
package func retrying<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    #if DEBUG
        var planned = FailurePlan.current?.nextCall()
    #endif
    while true {
        #if DEBUG
            let result = planned.take().map(failed) ?? call()
        #else
            let result = call()
        #endif
        if result != -1 { return result }
        let code = Errno(rawValue: errno)
        if code != .interrupted { throw code }
    }
}

/// Runs a system call that moves bytes, as `retrying(_:)` does.
///
/// - Parameters:
///   - count: how many bytes shall be moved.
///   - call: gets how many to ask the kernel for, which is `count` unless a test wants fewer to be moved.
/// - Returns: how many were moved: 0…`count`.
@inlinable
package func transferring(_ count: Int, _ call: (Int) -> Int) throws(Errno) -> Int {
    #if DEBUG
        let count = FailurePlan.current?.nextTransfer(of: count) ?? count
    #endif
    return try retrying { call(count) }
}

/// Runs a system call once whose failure is an answer too, whatever the reason.
///
/// - Returns: what the call returns: -1 on failure.
@inlinable @inline(__always)
package func attempting<Result: SignedInteger>(_ call: () -> Result) -> Result {
    #if DEBUG
        if let code = FailurePlan.current?.nextCall() { return failed(code) }
    #endif
    return call()
}

/// Runs a function of the C library that returns an error number, 0 for none, and throws that.
@inlinable
package func checking(_ call: () -> Int32) throws(Errno) {
    #if DEBUG
        if let code = FailurePlan.current?.nextCall(), code != .interrupted { throw code }
    #endif
    let code = call()
    if code != 0 { throw Errno(rawValue: code) }
}

#if DEBUG
    /// What a call leaves that fails with a code.
    @usableFromInline
    package func failed<Result: SignedInteger>(_ code: Errno) -> Result {
        errno = code.rawValue
        return -1
    }
#endif
