import CareSyncCore
import Synchronization

/// Lets few attempts of this process at a time be at one account from one source; the others wait in the order they came.
/// Otherwise many right sign-ins at once would find all attempts in hand and be refused.
///
/// It only spares refusals. The database counts, also between processes.
final class SignInAttemptTurns: Sendable {
    /// Attempts of one subject that may wait; one more is refused.
    static let queueLimit = 256

    private struct Line {
        var inside = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let width: Int
    private let lines = Mutex<[SignInAttemptSubject: Line]>([:])

    init(width: Int) {
        self.width = width
    }

    /// Waits for a turn; `false` when too many wait already.
    func enter(_ subject: SignInAttemptSubject) async -> Bool {
        let entry = lines.withLock { lines -> Bool? in
            var line = lines[subject] ?? Line()
            if line.inside < width, line.waiting.isEmpty {
                line.inside += 1
                lines[subject] = line
                return true
            }
            return line.waiting.count < Self.queueLimit ? nil : false
        }
        if let entry { return entry }
        await wait(subject, inFront: false)
        return true
    }

    /// Waits until another attempt is over, in front of those that have not tried yet; `false`, at once, when no other is at
    /// it in this process.
    func stepAside(_ subject: SignInAttemptSubject) async -> Bool {
        let mayStep = lines.withLock { lines -> Bool in
            guard (lines[subject]?.inside ?? 0) > 1 else { return false }
            lines[subject]?.inside -= 1
            return true
        }
        if mayStep { await wait(subject, inFront: true) }
        return mayStep
    }

    func leave(_ subject: SignInAttemptSubject) {
        let next = lines.withLock { lines -> [CheckedContinuation<Void, Never>] in
            guard var line = lines[subject] else { return [] }
            line.inside -= 1
            let count = min(max(0, width - line.inside), line.waiting.count)
            let next = Array(line.waiting.prefix(count))
            line.waiting.removeFirst(count)
            line.inside += count
            lines[subject] = line.inside == 0 ? nil : line
            return next
        }
        for caller in next { caller.resume() }
    }

    private func wait(_ subject: SignInAttemptSubject, inFront: Bool) async {
        await withCheckedContinuation { caller in
            let isFree = lines.withLock { lines -> Bool in
                var line = lines[subject] ?? Line()
                // A place became free since the look: nobody would call us later if nobody is inside.
                let isFree = inFront ? line.inside == 0 : line.inside < width && line.waiting.isEmpty
                if isFree {
                    line.inside += 1
                } else {
                    line.waiting.insert(caller, at: inFront ? 0 : line.waiting.count)
                }
                lines[subject] = line
                return isFree
            }
            if isFree { caller.resume() }
        }
    }
}
