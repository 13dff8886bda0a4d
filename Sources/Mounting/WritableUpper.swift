// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LinuxIO
import OverlayLayers
import SystemPackage

/// Where a writable mount keeps what is changed, as open directories.
package struct WritableUpper: Sendable {
    var directory: Descriptor
    var work: Descriptor
    var settings: UpperSettings

    /// An upper of two open directories on one file system.
    package init(directory: Descriptor, work: Descriptor, settings: UpperSettings) {
        self.directory = directory
        self.work = work
        self.settings = settings
    }

    /// The device and inode of an upper directory, as a server says which one it has.
    static func identity(of directory: Descriptor) throws(Errno) -> String {
        try PlaceIdentity(of: directory).fileText
    }

    /// What the overlay is told of the layers.
    var options: OverlayOptions {
        OverlayOptions(marks: OverlayMarkFormats(rawValue: settings.marks), isChanging: false)
    }

    /// Tries whether the file system keeps the attributes that an upper cannot do without.
    ///
    /// - Parameter problem: makes an error of a reason.
    package func checkMarks(_ problem: (String) -> MountError) throws {
        let space = options.marks.contains(.trusted) ? "trusted" : "user"
        let mark = Array("\(space).overlay.cimg".utf8)
        do throws(Errno) {
            try work.setEntryXattr(mark, of: [UInt8(ascii: ".")], to: [UInt8(ascii: "y")])
            try work.removeEntryXattr(mark, of: [UInt8(ascii: ".")])
        } catch .notSupported {
            throw problem("its file system keeps no \(space).* attributes, which tell what was removed; choose another")
        } catch {
            throw problem("\(error)")
        }
    }

    /// What the overlay is told of the upper.
    var overlay: OverlayUpper {
        OverlayUpper(
            directory: directory, work: work, redirectsDirectories: settings.redirects,
            bareSize: settings.metacopies ? 64 << 10 : nil, recordsOverrides: settings.overrides,
            isNew: settings.isNew)
    }
}

/// How an upper is written.
package struct UpperSettings: Hashable, Sendable {
    /// `OverlayMarkFormats`.
    package var marks: UInt8
    /// Whether directories of lower layers can be renamed (`redirect_dir`).
    package var redirects: Bool
    /// Whether a change of attributes alone copies no bytes (`metacopy`).
    package var metacopies: Bool
    var overrides: Bool
    /// Whether it has never been mounted and has nothing in it.
    var isNew = false

    /// The settings for who runs this process: `trusted.` marks need the superuser's rights, and who is no superuser
    /// may not give files away.
    ///
    /// - Parameters:
    ///   - isPrivileged: whether the process may set attributes of the `trusted.` namespace.
    ///   - isRoot: whether it is the superuser's.
    package init(isPrivileged: Bool, isRoot: Bool) {
        marks = (isPrivileged ? OverlayMarkFormats.trusted : [.user, .overrideStat]).rawValue
        redirects = isPrivileged
        metacopies = isPrivileged
        overrides = !isRoot
    }

    /// Reads back `text`.
    init(parsing text: String) throws {
        let parts = text.split(separator: ",").map { UInt8($0) }
        guard parts.count == 5, let marks = parts[0], let redirects = parts[1], let metacopies = parts[2],
            let overrides = parts[3], let isNew = parts[4]
        else {
            throw MountError("no such upper: \(text)")
        }
        self.marks = marks
        self.redirects = redirects != 0
        self.metacopies = metacopies != 0
        self.overrides = overrides != 0
        self.isNew = isNew != 0
    }

    /// The settings as an argument.
    var text: String {
        "\(marks)" + [redirects, metacopies, overrides, isNew].map { $0 ? ",1" : ",0" }.joined()
    }
}
