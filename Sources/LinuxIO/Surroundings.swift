// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Where this process runs.
package enum Surroundings {
    /// Whether it is in a container of an engine: by the files that podman and Docker put into each, or the variable
    /// that container managers set.
    package static var isContainer: Bool {
        fileExists("/run/.containerenv") || fileExists("/.dockerenv") || Environment.path("container") != nil
    }
}
