// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import LinuxIO
import OCI
import SystemPackage

/// The socket of a Docker daemon, asked one thing: where its data root is.
struct DockerSocket {
    private let path: FilePath
    private var object: String { "docker unix://\(path.printable)" }

    /// Names a socket.
    init(_ path: FilePath) { self.path = path }

    /// The daemon's data root, from its answer to `GET /info` (Docker Engine API).
    ///
    /// - Throws: `EngineError`: nobody answers within two seconds, or with something else.
    func dataRoot() throws(EngineError) -> FilePath {
        let answer: [UInt8]
        do throws(Errno) {
            let socket = try Descriptor.connect(to: path, timeoutSeconds: 2)
            // The older version of the protocol has no answers in pieces, and the connection ends with the answer.
            try socket.write(Array("GET /info HTTP/1.0\r\nHost: docker\r\n\r\n".utf8))
            answer = try socket.read(atMost: EngineLimit.record)
        } catch .noSuchFileOrDirectory, .connectionRefused {
            throw EngineError(object, "no daemon answers: start it, or unset DOCKER_HOST")
        } catch {
            throw EngineError(object, reading: error)
        }
        guard let blank = answer.firstRange(of: Array("\r\n\r\n".utf8)),
            let status = answer.split(separator: 0x20, maxSplits: 2).dropFirst().first, status.elementsEqual("200".utf8)
        else { throw EngineError(object, "does not answer as a Docker daemon") }
        let info: Info
        do {
            info = try decode(Info.self, Array(answer[blank.upperBound...]), name: object, limit: EngineLimit.record)
        } catch {
            throw EngineError(error)
        }
        guard let root = absolutePath(info.dockerRootDir) else { throw EngineError(object, "names no data root") }
        return root
    }

    private struct Info: Decodable {
        var dockerRootDir: String?

        private enum CodingKeys: String, CodingKey {
            case dockerRootDir = "DockerRootDir"
        }
    }
}
