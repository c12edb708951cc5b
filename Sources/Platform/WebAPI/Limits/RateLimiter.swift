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

    /// A refusal costs a durable audit row, so it draws more than an answer does: an account leaves at most 60 a minute.
    static let denialCost: Int64 = 10

    /// Draws one request from the quota of an address, before anything is looked at; `nil` when nothing is limited.
    func admit(_ limits: RateLimits?, address: String, at now: Instant) async throws -> Admission? {
        guard let store, let limits else { return nil }
        let key = QuotaKey(kind: limits.kind, client: .network(IPAddress.network(of: address)))
        let state = await store.take(1, of: limits.quotas.address, for: key, at: now)
        guard state.isAdmitted else { throw QuotaFailure(Self.refusal(state), limits, address: state, account: nil) }
        return Admission(limits: limits, addressKey: key, address: state)
    }

    /// Draws one request from the quota of an account. One that is over it takes nothing from its address, which others
    /// share.
    func admit(_ admission: inout Admission?, account: UserID, at now: Instant) async throws {
        guard let store, let admitted = admission else { return }
        let limits = admitted.limits
        let key = QuotaKey(kind: limits.kind, client: .account(account))
        let state = await store.take(1, of: limits.quotas.account, for: key, at: now)
        guard state.isAdmitted else {
            await store.giveBack(1, to: limits.quotas.address, for: admitted.addressKey, at: now)
            throw QuotaFailure(Self.refusal(state), limits, address: admitted.address, account: state)
        }
        admission?.account = state
    }

    /// Draws what a recorded denial costs beyond an answer.
    func charge(_ admission: Admission?, account: UserID, at now: Instant) async {
        guard let store, let limits = admission?.limits else { return }
        let key = QuotaKey(kind: limits.kind, client: .account(account))
        _ = await store.take(Self.denialCost - 1, of: limits.quotas.account, for: key, at: now)
    }

    private static func refusal(_ state: QuotaState) -> Problem {
        Problem(
            .tooManyRequests, "RATE_LIMITED", "Too many requests. Try again in \(state.seconds) s.",
            retryAfter: Int(state.seconds))
    }

    /// A request that is within its quotas, and what is left of them.
    struct Admission {
        let limits: RateLimits
        fileprivate let addressKey: QuotaKey
        let address: QuotaState
        fileprivate(set) var account: QuotaState?

        fileprivate init(limits: RateLimits, addressKey: QuotaKey, address: QuotaState) {
            self.limits = limits
            self.addressKey = addressKey
            self.address = address
        }

        func add(to headers: inout [(name: String, value: String)]) {
            limits.add(to: &headers, address: address, account: account)
        }
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

    func add(to headers: inout [(name: String, value: String)], address: QuotaState?, account: QuotaState?) {
        headers.append((name: "RateLimit-Policy", value: account == nil ? policy : accountPolicy))
        headers.append((name: "RateLimit", value: text(address: address, account: account)))
    }

    private func text(address: QuotaState?, account: QuotaState?) -> String {
        var text = ""
        text.reserveCapacity(80)
        if let account { append("account", account, to: &text) }
        if let address { append("address", address, to: &text) }
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

/// What went wrong behind a quota, with what there is to say about the quota.
struct QuotaFailure: Error {
    let cause: any Error
    private let limits: RateLimits
    private let address: QuotaState?
    private let account: QuotaState?

    init(_ cause: any Error, _ limits: RateLimits, address: QuotaState?, account: QuotaState?) {
        self.cause = cause
        self.limits = limits
        self.address = address
        self.account = account
    }

    init(_ cause: any Error, _ admission: RateLimiter.Admission) {
        self.init(cause, admission.limits, address: admission.address, account: admission.account)
    }

    func add(to headers: inout [(name: String, value: String)]) {
        limits.add(to: &headers, address: address, account: account)
    }
}
