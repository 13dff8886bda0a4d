// SPDX-License-Identifier: Apache-2.0

import Glibc
import OCI
import Synchronization
import Web

/// A request to a registry, and what must be known to be allowed to make it.
struct RegistryCall: Sendable {
    /// What is asked for, for messages.
    var object: String
    var method: HTTPRequest.Method
    /// Path and query below the registry's address, or the whole address that the registry gave.
    var target: Target
    var headers: [(name: String, value: String)] = []
    var body: HTTPRequest.Body = .none
    /// The repository that the request is about; nil for the registry as a whole.
    var repository: String?
    /// What a token must allow: `repository:app:pull`.
    var scopes: [String] = []
    /// What to do if there is no such thing, as the end of a sentence.
    var advice = ""
    /// Whether the request may be sent again when it is not known what became of it.
    var isRepeatable = true

    enum Target: Sendable {
        case path(String)
        case address(WebAddress)
    }

    init(_ object: String, _ method: HTTPRequest.Method, path: String) {
        self.object = object
        self.method = method
        target = .path(path)
    }
}

/// One registry as it is spoken to: finds out how, proves who asks, follows redirects, tries again.
///
/// Blocks the calling thread; any number of threads may call.
final class RegistryConnection: Sendable {
    /// The registry as users write it: `docker.io`.
    let host: String
    let limits: RegistryLimits
    let allowsPlain: Bool
    private let verifiesHome: Bool
    private let verifiesElsewhere: Bool
    let transport: HTTPTransport
    let certificates: CertificateDirectories
    let credentials: CredentialSource
    let helpers: [String]
    let tokens = TokenStore()
    let basics = Mutex<[String: String]>([:])
    /// The scopes for which a proof has helped once.
    let helped = Mutex<Set<String>>([])
    private let base = Mutex<WebAddress?>(nil)

    /// Describes a registry; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - isInsecure: whether plain HTTP or a certificate of nobody known will do.
    ///   - verifiesTLS: whether certificates are checked at all; if not, plain HTTP will do too.
    init(
        host: String, isInsecure: Bool, verifiesTLS: Bool, transport: HTTPTransport,
        certificates: CertificateDirectories, credentials: CredentialSource, helpers: [String], limits: RegistryLimits
    ) {
        self.host = host
        self.limits = limits
        self.transport = transport
        self.certificates = certificates
        self.credentials = credentials
        self.helpers = helpers
        // Who may be anybody may as well be read by anybody.
        allowsPlain = isInsecure || !verifiesTLS || Self.isLoopback(host)
        // What is said of the registry is not said of where it sends us.
        verifiesHome = verifiesTLS && !isInsecure
        verifiesElsewhere = verifiesTLS
    }

    /// The registry for messages.
    var object: String { "registry \(host)" }

    /// Whether a host is this machine by its name.
    static func isLoopback(_ host: String) -> Bool {
        guard let address = WebAddress(parsing: "http://\(host)/") else { return false }
        let name = address.host
        if name == "localhost" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }

    // MARK: - Requests

    /// Sends a request until it is answered by something else than a passing trouble.
    ///
    /// - Returns: the answer, whatever its status.
    /// - Throws: `RegistryError` where no answer can be had, or the one who asks is refused.
    func send(_ call: RegistryCall) throws -> HTTPAnswer {
        try attempting(call.object, isRepeatable: call.isRepeatable) { try exchange(call) }
    }

    /// Runs a request again as long as it fails for a reason that may pass.
    func attempting(
        _ object: String, isRepeatable: Bool = true, _ request: () throws -> HTTPAnswer
    ) throws -> HTTPAnswer {
        var attempt = 1
        while true {
            do {
                let answer = try request()
                guard Self.isPassing(answer.status), isRepeatable, attempt < limits.attempts else { return answer }
                wait(before: attempt, asked: answer.header("Retry-After"))
            } catch {
                guard let failure = NetworkFailure(error) else { throw error }
                let mostAttempts = min(limits.attempts, failure.attemptLimit)
                guard failure.isTransient, isRepeatable, attempt < mostAttempts else {
                    throw self.error(failure, object, attempts: attempt)
                }
                wait(before: attempt, asked: nil)
            }
            attempt += 1
        }
    }

    /// Whether a status says that the same request may succeed later.
    private static func isPassing(_ status: Int) -> Bool {
        status == 429 || status == 500 || status == 502 || status == 503 || status == 504
    }

    /// Waits before another attempt: what the registry asked for, within bounds, or longer each time.
    func wait(before attempt: Int, asked: String?) {
        var delay = limits.delay(before: attempt)
        if let asked, let seconds = UInt32(asked.filter { $0 != " " }) {
            delay = min(limits.longestDelay, max(delay, .seconds(Int(seconds))))
        }
        let (seconds, attoseconds) = delay.components
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = Int(end.tv_nsec) + Int(attoseconds / 1_000_000_000)
        end.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nil) == EINTR {}
    }

    /// The error that a failure of the network is for users.
    func error(_ failure: NetworkFailure, _ object: String, attempts: Int = 1) -> RegistryError {
        let tries = attempts > 1 ? " (\(attempts) attempts); try again later" : ""
        // What is about the registry itself begins with its name already.
        let host = object == self.object ? "" : "\(self.host): "
        switch failure.kind {
        case .certificate:
            return RegistryError(
                .untrusted, object,
                "\(host)\(failure.reason); put its authority's certificate into "
                    + "/etc/containers/certs.d/\(self.host)/ca.crt, or use --tls-verify=false")
        case .ourCertificate:
            return RegistryError(
                .denied, object,
                "\(host)\(failure.reason); put one and its key into /etc/containers/certs.d/\(self.host) as client.cert "
                    + "and client.key")
        case .handshake:
            return RegistryError(.untrusted, object, "\(host)\(failure.reason)\(plainAdvice)")
        case .noConnection, .broken:
            return RegistryError(.unreachable, object, "\(host)\(failure.reason)\(tries)")
        }
    }

    /// What makes a registry that speaks plain HTTP be spoken to, as the end of a sentence; nothing where that was tried.
    private var plainAdvice: String {
        guard !allowsPlain else { return "" }
        let file = certificates.environment["CONTAINERS_REGISTRIES_CONF"]?.printable
        return "; if it speaks plain HTTP, use --tls-verify=false, or write [[registry]], location = \"\(self.host)\" "
            + "and insecure = true, a line each, into \(file ?? "/etc/containers/registries.conf.d/plain.conf")"
    }

    /// One request with what it takes to be answered: a token, redirects.
    private func exchange(_ call: RegistryCall) throws -> HTTPAnswer {
        let base = try address()
        var address =
            switch call.target {
            case .path(let path): WebAddress(isEncrypted: base.isEncrypted, authority: base.authority, target: path)
            case .address(let address): address
            }
        try checkSafety(of: address, from: base, call.object)
        var authorization = try authorization(for: call)
        // Others may use a token up before it is sent from here.
        var proofs = 0
        var redirects = 0
        while true {
            var request = HTTPRequest(call.method, address, headers: call.headers, body: call.body)
            // Only the registry itself gets what is between it and us.
            let isHome = address.hasSameOrigin(as: base)
            if isHome, let authorization { request.headers.append(("Authorization", authorization)) }
            let answer = try transport.send(request, by: try route(to: address))
            if answer.status == 401, isHome {
                let limit = hasHelped(call) ? limits.proofs : 1
                guard proofs < limit else { throw try refusal(call, authorization) }
                proofs += 1
                authorization = try self.authorization(for: call, asked: answer, refused: authorization)
                continue
            }
            if isHome, authorization != nil { noteHelp(call) }
            guard let target = redirect(call.method, answer) else { return answer }
            redirects += 1
            guard redirects <= limits.redirects else {
                throw RegistryError(.failed, call.object, "is redirected more than \(limits.redirects) times")
            }
            guard let next = address.resolving(target) else {
                throw RegistryError(.failed, call.object, "is redirected to no address: \(target.printable)")
            }
            try checkSafety(of: next, from: address, call.object)
            address = next
        }
    }

    private func redirect(_ method: HTTPRequest.Method, _ answer: HTTPAnswer) -> String? {
        let isReading = method == .get || method == .head
        switch answer.status {
        case 301, 302, 303: return isReading ? answer.header("Location") : nil
        case 307, 308: return answer.header("Location")
        default: return nil
        }
    }

    /// Refuses to go from an encrypted connection to a plain one.
    func checkSafety(of next: WebAddress, from address: WebAddress, _ object: String) throws(RegistryError) {
        guard address.isEncrypted, !next.isEncrypted else { return }
        throw RegistryError(
            .untrusted, object, "\(host) sends us to a plain HTTP address: \(next.authority.printable)")
    }

    /// What to demand of the server at an address, and through whom it is asked.
    func route(to address: WebAddress) throws(RegistryError) -> HTTPRoute {
        let isHome = address.authority == authority
        var route = try certificates.route(
            for: isHome ? host : address.authority, verifies: isHome ? verifiesHome : verifiesElsewhere)
        route.proxy = try HTTPProxy(for: address, in: certificates.environment)
        return route
    }

    /// Host and port on the network.
    var authority: String { host == "docker.io" ? "registry-1.docker.io" : host.lowercased() }

    // MARK: - How it is spoken to

    /// The registry's address: encrypted, unless plain HTTP is allowed and it understands nothing else.
    func address() throws -> WebAddress {
        try base.withLock { base throws -> WebAddress in
            if let base { return base }
            let encrypted = WebAddress(isEncrypted: true, authority: authority, target: "/v2/")
            guard encrypted.port != nil, WebAddress(parsing: "\(encrypted)") != nil else {
                throw RegistryError(.invalid, object, "is no host name")
            }
            let found = allowsPlain ? try probe(encrypted) : encrypted
            base = found
            return found
        }
    }

    private func probe(_ encrypted: WebAddress) throws -> WebAddress {
        do {
            _ = try transport.send(HTTPRequest(.get, encrypted), by: try route(to: encrypted))
            return encrypted
        } catch {
            guard let failure = NetworkFailure(error) else { throw error }
            guard failure.kind != .certificate, failure.kind != .ourCertificate else {
                throw self.error(failure, object)
            }
            var plain = encrypted
            plain.isEncrypted = false
            _ = try attempting(object) {
                try transport.send(HTTPRequest(.get, plain), by: try route(to: plain))
            }
            return plain
        }
    }
}
