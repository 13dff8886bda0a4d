// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Blocks the thread, for what has no event to wait for.
func sleepMilliseconds(_ count: UInt32) { usleep(count * 1000) }
