// SPDX-License-Identifier: Apache-2.0

package import LayerStore
package import OCI
package import Transports

extension StorePlace {
    /// Takes an artifact that lies on this machine into a store, as it is.
    ///
    /// - Returns: its digest; nil where what is there is an image, or is nothing that has documents.
    package func takeArtifact(at location: ImageLocation, into store: Store, as name: String) throws -> Digest? {
        guard let graph = try ImageCopy.wholeGraph(location, takesAll: false, platform: nil) else { return nil }
        try admit(JudgedImage(location), graph.documents.map(\.descriptor.digest))
        return try store.add(graph, as: name, telling: self)
    }
}
