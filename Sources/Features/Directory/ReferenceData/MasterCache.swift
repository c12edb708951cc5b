import CareSyncCore
import Synchronization
import WebAPI

/// The finished answers about one organisation's lists.
struct MasterResponses: Sendable {
    let all: CachedJSON<MasterListsResponse>
    private let lists: [MasterList: CachedJSON<[String]>]
    let isEmpty: Bool

    init(_ rows: [MasterValue]) throws {
        var values: [MasterList: [String]] = [:]
        for row in rows { values[row.list, default: []].append(row.value) }
        // Browsers revalidate each time, because an administrator's page reads a list again right after adding to it.
        all = try CachedJSON(MasterListsResponse(values), maxAge: 0)
        lists = try Dictionary(
            uniqueKeysWithValues: MasterList.allCases.map { ($0, try CachedJSON(values[$0] ?? [], maxAge: 0)) })
        isEmpty = rows.isEmpty
    }

    func list(_ list: MasterList) throws -> CachedJSON<[String]> {
        guard let answer = lists[list] else { throw Problem.fault }
        return answer
    }
}

/// Keeps the answers until a write of this process commits, and no longer than ``lifetime``, because other processes
/// write too.
final class MasterCache: Sendable {
    static let lifetime = TimeSpan.seconds(10)
    /// Real installations have one organisation; ids made up by visitors are not cached.
    private static let limit = 16

    private struct Entry {
        let answers: MasterResponses
        let until: Instant
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        /// Counts evictions: what was read before one is not stored after it.
        var generation = 0
    }

    private let state = Mutex(State())

    func answers(for organisation: Int64, at now: Instant) -> MasterResponses? {
        state.withLock { state in
            guard let entry = state.entries[organisation], entry.until > now else { return nil }
            return entry.answers
        }
    }

    var generation: Int { state.withLock { $0.generation } }

    func store(_ answers: MasterResponses, for organisation: Int64, at now: Instant, generation: Int) {
        guard !answers.isEmpty else { return }
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries.count >= Self.limit, state.entries[organisation] == nil { state.entries.removeAll() }
            state.entries[organisation] = Entry(answers: answers, until: now + Self.lifetime)
        }
    }

    func evict() {
        state.withLock { state in
            state.entries.removeAll()
            state.generation += 1
        }
    }
}
