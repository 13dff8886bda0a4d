// SPDX-License-Identifier: Apache-2.0

import OCI

/// A registry as a whole: whether it lets us in, and which repositories it has.
package final class RemoteRegistry: Sendable {
    let connection: RegistryConnection

    init(connection: RegistryConnection) { self.connection = connection }

    /// Asks the registry whether it is one and lets us in (distribution-spec, "Determining Support").
    ///
    /// - Throws: `RegistryError`: what is wrong with the connection, the user or the password.
    package func check() throws {
        let call = RegistryCall(connection.object, .get, path: "/v2/")
        let answer = try connection.send(call)
        guard answer.status == 200 else {
            if answer.status == 404 {
                throw RegistryError(.unsupported, connection.object, "is no registry: it knows no /v2/")
            }
            throw connection.failure(call, answer)
        }
    }
}
