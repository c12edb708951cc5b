import CareSyncCore
import Concurrency
import Synchronization

/// Live sessions, so that a request costs no database query (rules/sessions-and-tokens 5).
///
/// It is believed only while the poll of ended sessions works.
final class SessionCache: Sendable {
    /// How old the last successful poll may be.
    static let trust = TimeSpan.seconds(2)
    static let activityInterval = TimeSpan.minutes(1)

    private struct Entry {
        let principal: Principal
        let expiresAt: Instant
        var activityAt: Instant
    }

    private struct State {
        var entries: GenerationCache<SessionID, Entry>
        var touched: Set<SessionID> = []
        var removals: UInt64 = 0
        var polledAt: Instant?
    }

    private let limit: Int
    private let state: Mutex<State>

    init(limit: Int = 100_000) {
        self.limit = limit
        state = Mutex(State(entries: GenerationCache(limit: limit)))
    }

    /// How often entries were dropped. What is read from the database after this count was taken may be inserted only
    /// while the count is the same: otherwise the session may have ended in between.
    var removals: UInt64 { state.withLock { $0.removals } }

    func principal(of session: SessionID, now: Instant) -> Principal? {
        state.withLock { state in
            guard let polledAt = state.polledAt, now - polledAt <= Self.trust, polledAt - now <= Self.trust else {
                return nil
            }
            guard var entry = state.entries.use(session), now < entry.expiresAt else { return nil }
            if now - entry.activityAt >= Self.activityInterval {
                entry.activityAt = now
                state.entries.insert(entry, for: session)
                touch(session, &state)
            }
            return entry.principal
        }
    }

    func insert(_ session: LiveSession, now: Instant, ifRemovalsAre removals: UInt64) {
        let id = session.principal.sessionID
        state.withLock { state in
            guard state.removals == removals else { return }
            var entry = Entry(
                principal: session.principal, expiresAt: session.expiresAt, activityAt: session.lastActivityAt)
            if now - entry.activityAt >= Self.activityInterval {
                entry.activityAt = now
                touch(id, &state)
            }
            state.entries.insert(entry, for: id)
        }
    }

    func drop(_ sessions: [SessionID]) {
        guard !sessions.isEmpty else { return }
        state.withLock { state in
            state.removals &+= 1
            for session in sessions {
                state.entries.remove(session)
                state.touched.remove(session)
            }
        }
    }

    /// Forgets everything, because ends may have been missed.
    func dropAll() {
        state.withLock { state in
            state.removals &+= 1
            state.entries.removeAll()
            state.touched = []
        }
    }

    /// The ended sessions that a poll begun at that moment has found.
    func apply(ended: [SessionID], polledAt: Instant) {
        drop(ended)
        state.withLock { $0.polledAt = polledAt }
    }

    /// Sessions used since their activity was last written.
    func takeTouched() -> [SessionID] {
        state.withLock { state in
            defer { state.touched = [] }
            return Array(state.touched)
        }
    }

    private func touch(_ session: SessionID, _ state: inout State) {
        if state.touched.count < limit { state.touched.insert(session) }
    }
}
