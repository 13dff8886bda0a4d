// SPDX-License-Identifier: Apache-2.0

extension LintRule {
    /// Rules on the configuration and the history.
    static let configurationFacts: [LintRule: LintFacts] = [
        .userRoot: LintFacts(
            .warning, "containers run as root", remedy: "set USER",
            aliases: ["CIS-DI-0001", "CIS-4.1", "DL3002"]),
        .userNotNumeric: LintFacts(
            .info, "the user is a name, of which runAsNonRoot of Kubernetes cannot tell that it is not root",
            remedy: "set USER to a number", aliases: ["DL3066"]),
        .healthcheckMissing: LintFacts(
            .info, "an image of Docker has no health check", remedy: "set HEALTHCHECK, or NONE",
            aliases: ["CIS-DI-0006", "CIS-4.6", "DL3057"]),
        .updateWithoutInstall: LintFacts(
            .warning, "a step updates the lists of packages and installs nothing: later steps use old lists",
            remedy: "install in the same step", aliases: ["CIS-DI-0007", "CIS-4.7"]),
        .distUpgrade: LintFacts(
            .warning, "a step upgrades the distribution", remedy: "take a newer base image",
            aliases: ["DKL-DI-0003"]),
        .sudoInCommand: LintFacts(
            .warning, "a step uses sudo", remedy: "set USER around the step", aliases: ["DKL-DI-0001", "DL3004"]),
        .addInstruction: LintFacts(
            .info, "a step uses ADD, which fetches and unpacks", remedy: "use COPY",
            aliases: ["CIS-DI-0009", "CIS-4.9", "DL3020"]),
        .volumeOfSystem: LintFacts(
            .error, "a volume lies on a directory of the system", remedy: "take another directory",
            aliases: ["DKL-DI-0002"]),
        .workdirRelative: LintFacts(
            .error, "the working directory is not absolute", remedy: "begin it with a slash", aliases: ["DL3000"]),
        .portOutOfRange: LintFacts(
            .error, "an exposed port is none", remedy: "take one from 0 to 65535", aliases: ["DL3011"]),
        .entrypointShell: LintFacts(
            .info, "a shell is started around the program, which gets no signals", remedy: "write it as a JSON array",
            aliases: ["DL3025"]),
        .labelKey: LintFacts(
            .info, "a label's key has characters other than a-z, 0-9, \".\", \"-\" and \"/\"", remedy: "rename it",
            aliases: ["DL3048"]),
        .labelEmpty: LintFacts(
            .info, "a label has no value", remedy: "set it or leave it out", aliases: ["DL3051"]),
        .labelMissing: LintFacts(
            .warning, "a label that the settings require is missing", remedy: "set it", aliases: ["DL3049"]),
        .labelForm: LintFacts(
            .warning, "a label of opencontainers.org has not the form that it should have", remedy: "correct it",
            aliases: ["DL3050", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"]),
        .authorDeprecated: LintFacts(
            .info, "MAINTAINER is deprecated", remedy: "set the label org.opencontainers.image.authors",
            aliases: ["DL4000"]),
        .tagLatest: LintFacts(
            .info, "the tag is latest, which says nothing", remedy: "tag versions", aliases: ["DKL-DI-0006", "DL3007"]),
        .secretInEnvironment: LintFacts(
            .error, "a variable looks like a secret: everybody who has the image has it",
            remedy: "give it to the container when it is started, and change it",
            aliases: ["CIS-DI-0010", "CIS-4.10", "DL3064"]),
    ]

    /// Rules on files.
    static let fileFacts: [LintRule: LintFacts] = [
        .aptListsLeft: LintFacts(
            .warning, "apt's lists of packages are in a layer",
            remedy: "rm -rf /var/lib/apt/lists/* in the step that installs",
            aliases: ["DKL-DI-0005", "DL3009"]),
        .packageCacheLeft: LintFacts(
            .warning, "a package manager's cache is in a layer", remedy: "clean it in the step that installs",
            aliases: ["DKL-DI-0004", "DL3019", "DL3032", "DL3036", "DL3040"]),
        .languageCacheLeft: LintFacts(
            .info, "a language's package cache is in a layer",
            remedy: "install without a cache, or clean it in the same step",
            aliases: ["DL3042", "DL3060"]),
        .setuidFile: LintFacts(
            .info, "a program runs with other rights than its caller's",
            remedy: "take the bit away where it is not needed",
            aliases: ["CIS-DI-0008", "CIS-4.8"]),
        .secretFile: LintFacts(
            .error, "a file looks like a secret", remedy: "give it to the container when it is started, and change it",
            aliases: ["CIS-DI-0010", "CIS-4.10"]),
        .secretInLowerLayer: LintFacts(
            .error,
            "a file that looks like a secret is hidden by a later layer, and can be read by everybody who has the image",
            remedy: "build without it (mount=type=secret), and change it", aliases: ["CIS-DI-0010", "CIS-4.10"]),
        .buildFileLeft: LintFacts(
            .info, "a file of the build or of its author is in the image", remedy: "list it in .dockerignore",
            aliases: ["DKL-LI-0003"]),
        .loginRecordsHuge: LintFacts(
            .warning, "a table of logins has a huge size for a high user number",
            remedy: "make the user with --no-log-init", aliases: ["DL3046"]),
        .passwordEmpty: LintFacts(
            .error, "an account has no password", remedy: "lock it", aliases: ["DKL-LI-0001"]),
        .accountTwice: LintFacts(
            .error, "a name or number is there twice among users or groups", remedy: "give each its own",
            aliases: ["DKL-LI-0002"]),
    ]
}
