// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import SystemPackage

extension Store {
    /// Which directory the store is, whatever path leads to it.
    package func identity() throws(Errno) -> PlaceIdentity { try PlaceIdentity(of: root) }
}
