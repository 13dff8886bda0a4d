// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// A file as a block device, read-only: loop(4).
///
/// The kernel gives the device back when nobody has it open any more, neither this object nor a mount: whoever dies
/// leaves none behind. Needs the superuser. What follows the file's last whole block is not in the device.
package struct LoopDevice: Sendable {
    /// The open device.
    package let descriptor: Descriptor

    /// Makes a device of a file.
    ///
    /// The corresponding C function is ioctl(2) with `LOOP_CTL_GET_FREE` and `LOOP_CONFIGURE` (Linux 5.8).
    /// `blockSize` is in bytes: a power of two from 512 to the size of a page.
    /// - Throws: the `Errno` of the first call that failed: `.noSuchFileOrDirectory` where there is no
    ///   `/dev/loop-control`.
    package init(_ file: Descriptor, blockSize: UInt32) throws(Errno) {
        let control = try Descriptor.openDevice("/dev/loop-control", O_RDWR)
        // Somebody else may take the device that is free now.
        for _ in 0..<64 {
            let number = try retrying { clinux_loop_free_number(control.rawValue) }
            let device = try Descriptor.openDevice(FilePath("/dev/loop\(number)"), O_RDONLY)
            do throws(Errno) {
                _ = try retrying { clinux_loop_configure(device.rawValue, file.rawValue, blockSize) }
                descriptor = device
                return
            } catch .resourceBusy {}
        }
        throw .resourceBusy
    }
}
