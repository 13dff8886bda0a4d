// SPDX-License-Identifier: Apache-2.0

package import Packages

/// Who made a package of the system: a distribution's advisories are of its own packages only.
package enum PackageMaker {
    /// Maintainers of packages of Debian's kind that no distribution made.
    private static let others = [
        "support@docker.com", "@nodesource.com", "@microsoft.com", "@nvidia.com", "@hashicorp.com",
        "nginx-packaging@f5.com", "@mongodb.com", "info@elastic.co", "@githubusercontent.com", "@influxdb.com",
    ].map { Array($0.utf8) }

    /// Vendors of distributions' own packages of rpm's kind, which begin so.
    private static let vendors = [
        "Amazon Linux", "Amazon.com", "CentOS", "Fedora Project", "Oracle America", "Red Hat", "AlmaLinux",
        "CloudLinux", "VMware", "SUSE", "openSUSE", "Microsoft Corporation", "Rocky",
    ].map { Array($0.utf8) }

    /// Whether the package's distribution made it, as far as its record says.
    package static func isDistribution(_ package: Package) -> Bool {
        switch package.kind {
        case .deb:
            return !others.contains { package.supplier.firstRange(of: $0) != nil }
        case .rpm:
            // Lists without vendors have the distribution's own packages.
            return package.supplier.isEmpty || vendors.contains { package.supplier.starts(with: $0) }
        default: return true
        }
    }
}
