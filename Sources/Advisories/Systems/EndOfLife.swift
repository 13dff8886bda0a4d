// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Until when distributions are maintained.
package enum EndOfLife: Sendable, Equatable {
    /// It is maintained, as far as is known until a day.
    case maintained(until: String?)
    /// Nothing was mended any more after a day: `2024-05-23`.
    case ended(String)
    /// Nobody collects when this release ends.
    case unknown

    /// Tells how it stands with a distribution.
    package init(_ distribution: Distribution, at now: Moment) {
        let release: String
        switch distribution.family {
        case .alpine: release = distribution.alpineRelease
        case .debian, .centos, .redhat, .rocky, .alma, .oracle: release = distribution.parts(1)
        case .amazon: release = distribution.amazonRelease
        case .ubuntu, .photon: release = distribution.version
        case .wolfi, .chainguard, .minimos, .tumbleweed:
            self = .maintained(until: nil)
            return
        default: release = distribution.version
        }
        if distribution.family == .alpine, release == "edge" {
            self = .maintained(until: nil)
            return
        }
        guard let day = Self.days[distribution.family]?[release],
            let end = Moment(parsing: "\(day)T23:59:59Z")
        else {
            self = .unknown
            return
        }
        self = now.seconds > end.seconds ? .ended(day) : .maintained(until: day)
    }

    private static let days: [Distribution.Family: [String: String]] = [
        .alpine: [
            "2.0": "2012-04-01", "2.1": "2012-11-01", "2.2": "2013-05-01", "2.3": "2013-11-01", "2.4": "2014-05-01",
            "2.5": "2014-11-01", "2.6": "2015-05-01", "2.7": "2015-11-01", "3.0": "2016-05-01", "3.1": "2016-11-01",
            "3.2": "2017-05-01", "3.3": "2017-11-01", "3.4": "2018-05-01", "3.5": "2018-11-01", "3.6": "2019-05-01",
            "3.7": "2019-11-01", "3.8": "2020-05-01", "3.9": "2020-11-01", "3.10": "2021-05-01", "3.11": "2021-11-01",
            "3.12": "2022-05-01", "3.13": "2022-11-01", "3.14": "2023-05-01", "3.15": "2023-11-01",
            "3.16": "2024-05-23", "3.17": "2024-11-22", "3.18": "2025-05-09", "3.19": "2025-11-01",
            "3.20": "2026-04-01", "3.21": "2026-12-05", "3.22": "2027-04-30", "3.23": "2027-11-01",
        ],
        .debian: ["9": "2022-06-30", "10": "2024-06-30", "11": "2026-08-14", "12": "2028-06-10"],
        .ubuntu: [
            "16.04": "2021-04-21", "18.04": "2023-05-31", "20.04": "2025-05-31", "22.04": "2027-04-23",
            "24.04": "2034-03-31", "26.04": "2031-05-31", "16.04-ESM": "2026-04-29", "18.04-ESM": "2028-03-31",
            "20.04-ESM": "2030-04-30",
        ],
        .centos: ["6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31"],
        .redhat: ["6": "2024-06-30"],
        .rocky: ["8": "2029-05-31", "9": "2032-05-31"],
        .alma: ["8": "2029-03-01", "9": "2032-05-31", "10": "2035-05-31"],
        .oracle: ["7": "2024-12-31", "8": "2029-07-18", "9": "2032-07-18"],
        .amazon: ["1": "2023-12-31", "2": "2026-06-30", "2023": "2028-03-15"],
        .photon: ["3.0": "2024-03-31", "4.0": "2026-03-31"],
    ]
}
