// SPDX-License-Identifier: Apache-2.0

import OCI

extension ImageCopy.Result {
    /// The same, of an image that has a name in the store now: nothing was sent to the registry that it may look like.
    func named(_ name: String) -> Self {
        var result = self
        result.note = "a name of the store"
        if RegistryName.of(name) != nil {
            result.hint =
                "\(name.printable): is a name of the store now, nothing went to a registry; for that write "
                + "docker://\(name.printable), or \"cimg push\""
        }
        return result
    }

    /// What goes into an archive of docker, which has no manifest: what identifies the image there is its configuration.
    static func dockerArchive(_ configuration: [UInt8], copied: Int) -> Self {
        Self(
            digest: Digest(of: configuration),
            note: "the configuration's; no manifest goes along", copied: copied)
    }
}
