/// Which jobs go first when several wait.
package enum JobPriority: Int, Sendable, CaseIterable {
    /// Before all others.
    case first
    case normal
}

/// Jobs in the order in which they will run: by priority, then by lanes in turns, and in a lane as they came.
///
/// A lane groups jobs that must not keep others from their turn, such as those of one network. With one lane and one
/// priority it is a plain queue.
struct WaitingJobs<Job> {
    private struct Lane {
        private var jobs: [Job] = []
        private var head = 0

        var count: Int { jobs.count - head }
        var first: Job { jobs[head] }

        mutating func append(_ job: Job) { jobs.append(job) }

        mutating func removeLast() -> Job { jobs.removeLast() }

        mutating func removeAll(where fits: (Job) -> Bool) -> [Job] {
            let removed = jobs[head...].filter(fits)
            if !removed.isEmpty {
                jobs = jobs[head...].filter { !fits($0) }
                head = 0
            }
            return removed
        }

        mutating func removeFirst() -> Job {
            let job = jobs[head]
            head += 1
            if head == jobs.count {
                jobs.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 1024 {
                jobs.removeSubrange(..<head)
                head = 0
            }
            return job
        }
    }

    private struct Level {
        var lanes: [String: Lane] = [:]
        /// Lanes with jobs, the next one first.
        var turns: [String] = []
    }

    private var levels = JobPriority.allCases.map { _ in Level() }
    private(set) var count = 0

    mutating func append(_ job: Job, lane: String, priority: JobPriority) {
        let level = priority.rawValue
        levels[level].lanes[lane, default: Lane()].append(job)
        if levels[level].lanes[lane]?.count == 1 { levels[level].turns.append(lane) }
        count += 1
    }

    /// The job that runs next.
    var first: Job? {
        for level in levels {
            if let lane = level.turns.first { return level.lanes[lane]?.first }
        }
        return nil
    }

    mutating func removeFirst() -> Job? {
        for index in levels.indices where !levels[index].turns.isEmpty {
            let name = levels[index].turns[0]
            guard let job = levels[index].lanes[name]?.removeFirst() else { return nil }
            count -= 1
            // A lone lane keeps its storage and its place.
            if levels[index].turns.count > 1 || levels[index].lanes[name]?.count == 0 {
                levels[index].turns.removeFirst()
                if levels[index].lanes[name]?.count != 0 { levels[index].turns.append(name) }
            }
            forgetIfEmpty(name, index)
            return job
        }
        return nil
    }

    /// Takes back the job with the least claim to its place when one more of that lane and priority asks for it: the last
    /// one of the longest lane behind it, or of one that is longer than its own. `nil` when the newcomer has the least.
    mutating func displaced(by lane: String, _ priority: JobPriority) -> Job? {
        for index in levels.indices.reversed() where index >= priority.rawValue {
            guard let longest = levels[index].lanes.max(by: { $0.value.count < $1.value.count }),
                longest.value.count > 0
            else { continue }
            let own = index == priority.rawValue ? (levels[index].lanes[lane]?.count ?? 0) + 1 : 0
            guard longest.value.count > own else { return nil }
            let job = levels[index].lanes[longest.key]?.removeLast()
            count -= 1
            if levels[index].lanes[longest.key]?.count == 0 { levels[index].turns.removeAll { $0 == longest.key } }
            forgetIfEmpty(longest.key, index)
            return job
        }
        return nil
    }

    mutating func removeAll(where fits: (Job) -> Bool) -> [Job] {
        var removed: [Job] = []
        for level in levels.indices {
            for lane in levels[level].turns {
                removed += levels[level].lanes[lane]?.removeAll(where: fits) ?? []
                forgetIfEmpty(lane, level)
            }
            levels[level].turns = levels[level].turns.filter { (levels[level].lanes[$0]?.count ?? 0) > 0 }
        }
        count -= removed.count
        return removed
    }

    /// Lanes come and go with their callers; the nameless one of a plain queue keeps its storage.
    private mutating func forgetIfEmpty(_ lane: String, _ level: Int) {
        if levels[level].lanes[lane]?.count == 0, !lane.isEmpty { levels[level].lanes[lane] = nil }
    }
}
