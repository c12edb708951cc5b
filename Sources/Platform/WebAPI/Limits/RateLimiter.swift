import CareSyncCore

/// Decides whether a request is within the quotas of its class: of its address, and of its account when it has one.
package struct RateLimiter: Sendable {
    private let store: (any QuotaStore)?

    /// Keeps quotas in the store, for all classes but ``RateClass/exempt``.
    package init(store: any QuotaStore) {
        self.store = store
    }

    private init() {
        store = nil
    }

    package static let unlimited = RateLimiter()

    /// What a refusal draws in all: it may cost a durable audit row, so an account gets at most 60 a minute.
    static let denialCost: Int64 = 10

    /// Draws one request from the quota of an address, before anything is looked at.
    func draw(_ limits: RateLimits?, ofAddress exchange: inout Exchange) async throws {
        guard let store, let limits else { return }
        let key = QuotaKey(kind: limits.kind, client: .network(IPAddress.network(of: exchange.arrival.address)))
        let state = await store.take(1, of: limits.quotas.address, for: key, at: exchange.arrival.receivedAt)
        exchange.quota = QuotaUse(limits: limits, addressKey: key, address: state)
        guard state.isAdmitted else { throw Self.refusal(state) }
    }

    /// Draws one request from the quota of the account that is calling, if one is. An account over its quota takes
    /// nothing from its address, which others share.
    func draw(_ limits: RateLimits?, ofAccount exchange: inout Exchange) async throws {
        guard let store, let limits, let caller = exchange.caller, let use = exchange.quota else { return }
        let now = exchange.arrival.receivedAt
        let key = QuotaKey(kind: limits.kind, client: .account(caller.userID))
        let state = await store.take(1, of: limits.quotas.account, for: key, at: now)
        exchange.quota?.account = state
        guard state.isAdmitted else {
            await store.giveBack(1, to: limits.quotas.address, for: use.addressKey, at: now)
            throw Self.refusal(state)
        }
    }

    /// Draws what a denial costs beyond a response, also when there is not as much left: then the account owes it.
    func charge(_ use: QuotaUse?, account: UserID, at now: Instant) async {
        guard let store, let limits = use?.limits else { return }
        let key = QuotaKey(kind: limits.kind, client: .account(account))
        await store.charge(Self.denialCost - 1, to: limits.quotas.account, for: key, at: now)
    }

    private static func refusal(_ state: QuotaState) -> Problem {
        Problem(
            .tooManyRequests, "RATE_LIMITED", "Too many requests. Try again in \(state.seconds) s.",
            retryAfter: Int(state.seconds))
    }
}

/// What a request has drawn from its quotas, and what is left of them.
struct QuotaUse: Sendable {
    let limits: RateLimits
    fileprivate let addressKey: QuotaKey
    fileprivate let address: QuotaState
    fileprivate var account: QuotaState?

    fileprivate init(limits: RateLimits, addressKey: QuotaKey, address: QuotaState) {
        self.limits = limits
        self.addressKey = addressKey
        self.address = address
    }

    /// What the response says of them.
    func add(to headers: inout [(name: String, value: String)]) {
        limits.add(to: &headers, address: address, account: account)
    }
}

/// The quotas of one endpoint, and what its answers say about them
/// (draft-ietf-httpapi-ratelimit-headers-11: lists of items with parameters).
struct RateLimits: Sendable {
    let kind: RateClass
    let quotas: ClassQuotas
    private let policy: String
    private let accountPolicy: String

    /// `nil` for what is not limited.
    init?(_ kind: RateClass, isRead: Bool) {
        let kind = kind.resolved(isRead: isRead)
        guard let quotas = kind.quotas else { return nil }
        func item(_ scope: String, _ quota: Quota) -> String {
            "\"\(kind.rawValue)-\(scope)\";q=\(quota.requests);w=\(quota.window.seconds)"
        }
        self.kind = kind
        self.quotas = quotas
        policy = item("address", quotas.address)
        accountPolicy = item("account", quotas.account) + ", " + policy
    }

    func add(to headers: inout [(name: String, value: String)], address: QuotaState, account: QuotaState?) {
        headers.append((name: "RateLimit-Policy", value: account == nil ? policy : accountPolicy))
        headers.append((name: "RateLimit", value: text(address: address, account: account)))
    }

    private func text(address: QuotaState, account: QuotaState?) -> String {
        var text = ""
        text.reserveCapacity(80)
        if let account { append("account", account, to: &text) }
        append("address", address, to: &text)
        return text
    }

    private func append(_ scope: String, _ state: QuotaState, to text: inout String) {
        text += text.isEmpty ? "\"" : ", \""
        text += kind.rawValue
        text += "-"
        text += scope
        text += "\";r="
        text += String(state.remaining)
        text += ";t="
        text += String(state.seconds)
    }
}
