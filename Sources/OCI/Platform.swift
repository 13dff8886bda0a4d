// SPDX-License-Identifier: Apache-2.0

/// The machine an image is made for (image-index.md, "platform").
package struct Platform: Codable, Sendable, Hashable {
    /// Operating system as Go names it: `linux`.
    package var os: String
    /// Architecture as Go names it: `amd64`, `arm64`.
    package var architecture: String
    /// Variant of the architecture: `v8`.
    package var variant: String?
    /// Version of the operating system.
    package var osVersion: String?

    private enum CodingKeys: String, CodingKey {
        case os, architecture, variant
        case osVersion = "os.version"
    }

    /// Makes a platform.
    package init(os: String, architecture: String, variant: String? = nil, osVersion: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        os = try container.decodeIfPresent(String.self, forKey: .os) ?? ""
        architecture = try container.decodeIfPresent(String.self, forKey: .architecture) ?? ""
        variant = try container.decodeIfPresent(String.self, forKey: .variant)
        osVersion = try container.decodeIfPresent(String.self, forKey: .osVersion)
    }

    /// Parses `os/architecture[/variant]`; the architecture may also be given as `uname -m` prints it.
    ///
    /// - Throws: `FormatError` that names the text.
    package init(parsing text: String) throws(FormatError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isWord = { (part: String) in
            !part.isEmpty && part.utf8.count <= 64
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                        UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
        guard (2...3).contains(parts.count), parts.allSatisfy(isWord) else {
            throw FormatError(
                "platform \"\(text.printable)\"", "is not of the form os/architecture or os/architecture/variant")
        }
        self.init(
            os: parts[0].lowercased(), architecture: parts[1].lowercased(),
            variant: parts.count == 3 ? parts[2].lowercased() : nil)
        self = spelledAsInGo
    }

    /// The platform this program was built for: what an index's entry is chosen for unless the user names another.
    package static var host: Platform {
        #if arch(x86_64)
            Platform(os: "linux", architecture: "amd64")
        #elseif arch(arm64)
            Platform(os: "linux", architecture: "arm64")
        #elseif arch(arm)
            Platform(os: "linux", architecture: "arm", variant: "v7")
        #elseif arch(i386)
            Platform(os: "linux", architecture: "386")
        #elseif arch(powerpc64le)
            Platform(os: "linux", architecture: "ppc64le")
        #elseif arch(s390x)
            Platform(os: "linux", architecture: "s390x")
        #elseif arch(riscv64)
            Platform(os: "linux", architecture: "riscv64")
        #else
            #error("unknown architecture")
        #endif
    }

    /// How well an image for `candidate` serves who asks for this platform: lower is better, nil is not at all.
    ///
    /// Operating system and architecture must be the same. Of the variants the one asked for is best, with the default
    /// of the architecture standing for one left out (`arm` v7, `arm64` v8, `amd64` v1); then lower ones, the highest
    /// first; where no variant is asked for, at last higher ones, the lowest first. Variants that are no version
    /// (`v` and a number) must be the same. Among equals the first entry of an index is to be taken.
    package func distance(to candidate: Platform) -> Int? {
        let (wanted, offered) = (spelledAsInGo, candidate.spelledAsInGo)
        guard wanted.os == offered.os, wanted.architecture == offered.architecture else { return nil }
        let (left, right) = (wanted.effectiveVariant, offered.effectiveVariant)
        if left == right { return 0 }
        guard let wantedVersion = Self.version(left), let offeredVersion = Self.version(right) else { return nil }
        if offeredVersion < wantedVersion { return wantedVersion - offeredVersion }
        return wanted.variant == nil ? 1_000_000 + (offeredVersion - wantedVersion) : nil
    }

    /// The platform with architecture names of other tools replaced by those of Go, and empty variants left out.
    package var spelledAsInGo: Platform {
        var result = self
        if variant == "" { result.variant = nil }
        switch architecture {
        case "x86_64", "x86-64": result.architecture = "amd64"
        case "aarch64": result.architecture = "arm64"
        case "i386", "i486", "i586", "i686", "x86": result.architecture = "386"
        case "armhf", "armv7l": (result.architecture, result.variant) = ("arm", result.variant ?? "v7")
        case "armel", "armv6l": (result.architecture, result.variant) = ("arm", result.variant ?? "v6")
        default: break
        }
        if let number = result.variant, ["5", "6", "7", "8"].contains(number), result.architecture.hasPrefix("arm") {
            result.variant = "v" + number
        }
        return result
    }

    private var effectiveVariant: String {
        if let variant { return variant }
        switch architecture {
        case "arm": return "v7"
        case "arm64": return "v8"
        case "amd64": return "v1"
        default: return ""
        }
    }

    /// The number of a variant `vN` or `vN.M`: a thousand to each N; nil for anything else.
    private static func version(_ variant: String) -> Int? {
        guard variant.hasPrefix("v") else { return nil }
        let parts = variant.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let major = Int(parts[0]), (0..<100).contains(major) else { return nil }
        guard parts.count == 2 else { return major * 1000 }
        guard let minor = Int(parts[1]), (0..<1000).contains(minor) else { return nil }
        return major * 1000 + minor
    }
}

extension Platform: CustomStringConvertible {
    /// The platform as `os/architecture[/variant]`, with control characters escaped.
    package var description: String {
        ([os, architecture] + (variant.map { $0.isEmpty ? [] : [$0] } ?? [])).joined(separator: "/").printable
    }
}
