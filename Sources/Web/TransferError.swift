// SPDX-License-Identifier: Apache-2.0

/// What libcurl says of a transfer that failed.
package struct TransferError: Error, Equatable {
    /// The `CURLcode`.
    package var code: Int32
    /// The system's error number of a connection that did not come about; 0 for none.
    package var errno: Int32 = 0
    /// What the library says.
    package var text = ""
    /// The proxy that was asked, for messages; nil for none.
    package var proxy: String?

    /// Makes an error of what the library tells.
    package init(code: Int32, errno: Int32 = 0, text: String = "", proxy: String? = nil) {
        self.code = code
        self.errno = errno
        self.text = text
        self.proxy = proxy
    }

    /// `CURLE_OPERATION_TIMEDOUT`: nothing came for too long.
    package static let silent = TransferError(code: 28)
    /// `CURLE_OPERATION_TIMEDOUT`: so little came that it would take for ever.
    package static let tooSlow = TransferError(code: 28, text: "slow")
    /// `CURLE_SEND_ERROR`: nothing was taken for too long.
    package static let takesNothing = TransferError(code: 55, text: "stands still")
}
