// SPDX-License-Identifier: Apache-2.0

// What is known to be wrong with packages: advisories, and which of them apply.
//
// In come a database of trivy's (`BoltFile`), the distribution and packages of an object, and the time; out go
// `VulnerabilityFinding`s with their severities, whether a distribution's support has ended, and what is to be left out by files of
// the user. What a database has no data for is said as such (`SystemJudgement`): it is no finding, and no answer either.
//
// What must not be in here: files, networks, clocks, trees, printing. The rules are those of trivy: the same database
// gives the same findings.
