// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import Glibc
    import SystemPackage
    import Threads

    /// A plan for a program that a test starts: `CIMG_FAILURE=NUMBER:CODE` lets the call of a number fail with an error
    /// number, `NUMBER+:CODE` all from there on. At the end, the file that `CIMG_FAILURE_REPORT` names gets how many failed.
    extension FailurePlan {
        /// Puts the calling thread under the plan that the environment asks for, until the process ends; nothing where it
        /// asks for none.
        ///
        /// The variables are taken out of the environment: children have no plan.
        package static func useEnvironment() {
            guard let text = getenv("CIMG_FAILURE").map({ String(cString: $0) }),
                let report = getenv("CIMG_FAILURE_REPORT").map({ String(cString: $0) })
            else { return }
            unsetenv("CIMG_FAILURE")
            unsetenv("CIMG_FAILURE_REPORT")
            let parts = text.split(separator: ":")
            guard parts.count == 2, let code = Int32(parts[1]), let number = Int(parts[0].filter(\.isNumber)) else {
                return
            }
            // `try?`: a test that finds no number in its report fails.
            guard let file = try? Descriptor.open(FilePath(report), O_WRONLY | O_CREAT | O_TRUNC) else { return }
            let lasts = parts[0].hasSuffix("+")
            let plan = FailurePlan(
                lasts ? .callsFrom(number, Errno(rawValue: code)) : .call(number, Errno(rawValue: code)))
            ofProcess = (plan, file)
            plan.begin()
            atexit {
                guard let (plan, file) = FailurePlan.ofProcess else { return }
                plan.end()
                // `try?`: see above.
                try? file.write([UInt8]("\(plan.injectedCount)\n".utf8))
            }
        }

        // SAFETY: written once, by the first thread before there are others.
        nonisolated(unsafe) private static var ofProcess: (plan: FailurePlan, report: Descriptor)?
    }
#endif
