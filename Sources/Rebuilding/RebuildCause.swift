// SPDX-License-Identifier: Apache-2.0

/// Why something differs between two builds.
package enum RebuildCause: String, Sendable, CaseIterable {
    case times
    case created
    case packages
    case base
    case logs
    case caches
    case passwordDays = "password-days"
    case identities
    case pythonBytecode = "python-bytecode"
    case zip
    case gzip
    case tar
    case ar
    case buildID = "elf-build-id"
    case generated
    case owners
    case order
    case dates
    case temporary
    case labels
    case tarForm = "tar-form"
    case compression

    /// What it is, in a few words.
    package var summary: String {
        switch self {
        case .times: "times of files"
        case .created: "times and steps in the configuration"
        case .packages: "packages in other versions"
        case .base: "another base image"
        case .logs: "logs"
        case .caches: "caches and backups"
        case .passwordDays: "days at which passwords were set"
        case .identities: "keys and identities of a machine"
        case .pythonBytecode: "times in Python's bytecode"
        case .zip: "times or order in a zip or jar"
        case .gzip: "times in gzip headers"
        case .tar: "times and owners in a tar"
        case .ar: "times and owners in an ar archive"
        case .buildID: "build IDs of ELF files"
        case .generated: "caches that programs generate"
        case .owners: "owners or modes, all in the same way"
        case .order: "the order of lines"
        case .dates: "times in texts"
        case .temporary: "temporary names, names of the builder"
        case .labels: "labels that tell of the build"
        case .tarForm: "form, order or split of the layers' tars"
        case .compression: "compression of the layers"
        }
    }

    /// What takes the difference away.
    package var remedy: String {
        switch self {
        case .times: "set SOURCE_DATE_EPOCH and let the builder apply it to files (BuildKit: rewrite-timestamp=true)"
        case .created: "set SOURCE_DATE_EPOCH"
        case .packages: "pin versions, or take packages of one day (snapshot.debian.org)"
        case .base: "name the base image by its digest in FROM"
        case .logs: "remove /var/log/* in the step that writes them"
        case .caches: "remove them in the step that makes them, or mount a cache there (RUN --mount=type=cache)"
        case .passwordDays: "make accounts under faketime, or set the day with chage -d"
        case .identities: "leave an empty /etc/machine-id and no keys; make them at the first start"
        case .pythonBytecode: "PYTHONDONTWRITEBYTECODE=1, or compileall --invalidation-mode unchecked-hash"
        case .zip: "SOURCE_DATE_EPOCH where the tool knows it, else strip-nondeterminism"
        case .gzip: "gzip -n"
        case .tar: "tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner"
        case .ar: "ar D, ranlib -D"
        case .buildID: "the same paths when compiling: -ffile-prefix-map, -trimpath"
        case .generated: "generate it again at the start, or remove it"
        case .owners: "COPY --chmod and --chown; the same umask and user for each build"
        case .order: "sort what is written"
        case .dates: "SOURCE_DATE_EPOCH where the tool knows it, else leave the time out"
        case .temporary: "fixed names instead of mktemp; no host names in files"
        case .labels: "give the same values to both builds"
        case .tarForm: "the same builder; what is seen is the same"
        case .compression: "compare diff IDs; the same builder compresses alike"
        }
    }
}

/// A cause that was recognised.
package struct RebuildFinding: Sendable, Equatable {
    /// Why it differs.
    package let cause: RebuildCause
    /// By what that is known.
    package let evidence: String

    /// Makes a finding.
    package init(_ cause: RebuildCause, _ evidence: String) { (self.cause, self.evidence) = (cause, evidence) }
}

/// What two builds are to each other, from the same to different.
package enum RebuildVerdict: String, Sendable, CaseIterable, Comparable {
    /// The manifests are the same.
    case identical
    /// Nothing differs that is to be counted.
    case equivalent
    /// Configuration and uncompressed layers are the same.
    case recompressed
    /// The same files with the same attributes, in other tars.
    case repackaged
    /// Only times, the history and logs differ.
    case retimed
    /// Only what the configuration and the annotations say differs.
    case relabelled
    /// Each difference has a cause that is known.
    case explained
    /// Something differs for a reason that is not known.
    case different

    package static func < (left: RebuildVerdict, right: RebuildVerdict) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.count }
}

/// What is known of two builds, to be judged.
package struct RebuildEvidence: Sendable {
    /// Whether the manifests are the same.
    package var hasSameManifest = false
    /// Whether the diff IDs are.
    package var hasSameLayers = false
    /// Whether the bytes of the configurations are.
    package var hasSameConfiguration = false
    /// Whether the layers' tars and blobs differ in nothing that is to be counted.
    package var hasSameForm = false
    /// For each file that differs why; nil where that is not known.
    package var files: [[RebuildCause]?] = []
    /// For each key of the configurations and annotations that differs why; nil where that is not known.
    package var keys: [RebuildCause?] = []

    /// Knows nothing yet.
    package init() {}

    /// The verdict.
    package var verdict: RebuildVerdict {
        if hasSameManifest { return .identical }
        if files.isEmpty, keys.isEmpty {
            if hasSameForm { return .equivalent }
            return hasSameLayers && hasSameConfiguration ? .recompressed : .repackaged
        }
        let timed: Set<RebuildCause> = [.times, .created, .logs]
        let isTimed =
            files.allSatisfy { $0.map { timed.isSuperset(of: $0) } ?? false }
            && keys.allSatisfy { $0.map { timed.contains($0) } ?? false }
        if isTimed { return .retimed }
        if files.isEmpty { return .relabelled }
        return files.contains { $0 == nil } || keys.contains { $0 == nil } ? .different : .explained
    }
}
