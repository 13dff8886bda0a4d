// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LinuxIO
package import OCI
import SystemPackage

/// The bytes of an image's layer as an engine keeps them.
package enum EngineLayerData: Sendable {
    /// The layer as it came, and what the manifest says of it.
    case blob(Descriptor, ContentDescriptor)
    /// Unpacked files, and what the tar had besides their contents.
    case unpacked(UnpackedLayer)
}

/// A layer of which an engine has the files and tar-split's record of the tar that they came in.
package struct UnpackedLayer: Sendable {
    /// Its directories, in the order in which a file is looked for in them: mostly one.
    package var directories: [EngineLayers.Directory]
    /// tar-split's record, as a file that is gzip compressed.
    package var record: Descriptor
    /// What the tar's digest must be; nil where the engine does not tell.
    package var diffID: DiffID?

    /// Opens the directories.
    ///
    /// - Returns: what opens a regular file of them by its name, without following symbolic links; it throws `Errno`.
    package func files() throws(EngineError) -> @Sendable ([UInt8]) throws -> Descriptor {
        var opened: [Descriptor] = []
        for directory in directories { opened.append(try directory.open()) }
        return { [opened] name in
            var failure = Errno.noSuchFileOrDirectory
            for directory in opened {
                do throws(Errno) {
                    let file = try directory.openBeneath(name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
                    guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .invalidArgument }
                    return file
                } catch {
                    failure = error
                    guard error == .noSuchFileOrDirectory else { break }
                }
            }
            throw failure
        }
    }
}

extension StorageFolder {
    /// Opens a regular file below the directory; nil where there is none.
    func openFile(_ file: String) throws(EngineError) -> Descriptor? {
        do throws(Errno) {
            let opened = try descriptor.openBeneath(file, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try opened.status().st_mode & S_IFMT == S_IFREG else { throw Errno.invalidArgument }
            return opened
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw EngineError("\(name): \(file.printable)", reading: error)
        }
    }
}
