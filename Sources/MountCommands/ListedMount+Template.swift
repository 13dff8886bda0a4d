// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import LinuxIO
import Mounting
import OCI
import Templates

extension ListedMount {
    /// What templates see of a mount.
    var templateValue: TemplateValue {
        .record([
            ("Mountpoint", .string(Bytes.escaped(entry.path))),
            ("Source", .string(Bytes.escaped(ListedMount.source(of: entry)))), ("Kind", .string(kind)),
            ("Name", .string(name)), ("Digest", .string(digest ?? "")), ("Backend", .string(backend)),
            ("Pid", .integer(Int64(server ?? 0))), ("State", .string(state)), ("Options", .strings(options)),
            ("Upper", .string(upper.map { Bytes.escaped($0.path) } ?? "")),
            ("UpperSize", upperByteCount.map { .integer(Int64(clamping: $0)) } ?? .none),
            ("KernelRefusal", .string(kernelRefusal ?? "")), ("Discarded", .bool(upper?.isDiscarded == true)),
        ])
    }
}
