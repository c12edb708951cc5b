import AuditTrail
package import CareSyncCore
import Concurrency
import Logging
import Persistence
import Synchronization
import WebAPI

/// Puts what signed-in callers were refused into the audit log: the route is the entity, what its path names the row.
///
/// The first refusal of a caller, route and patient is a row at once. Those that follow within the minute are counted, and
/// are one more row at its end or at a clean stop; a crash loses their number.
package final class DenialAudit: Sendable {
    private struct Key: Hashable {
        let caller: UserID?
        let route: String
        let patient: PatientID?
    }

    private struct Repeats {
        let since: Instant
        var count = 0
        /// The latest of them.
        var entry: AuditEntry
    }

    static let span = TimeSpan.minutes(1)
    /// Beyond these, every refusal is a row.
    private static let mostKeys = 4_096

    private let database: any Database
    private let logger: Logger
    private let open = Mutex<[Key: Repeats]>([:])

    init(database: any Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    var recorder: DenialRecorder { DenialRecorder { [self] in try await record($0) } }

    /// Writes repetitions when their minute is over, until it is cancelled; then those that are left.
    package func run() async {
        await PeriodicTask("repeated refusals", every: .seconds(1), logger: logger) { [self] in
            try await write(begunBefore: database.services.time.now - Self.span)
        }.run()
        // They are written when the program stops.
        await Task { [self] in
            do { try await write(begunBefore: nil) } catch { logger.warning("repeated refusals are lost") }
        }.value
    }

    /// One row for each that was repeated, of those that began before then.
    package func write(begunBefore end: Instant?) async throws {
        let due = open.withLock { open in
            let due = open.filter { repeats in
                guard let end else { return true }
                return repeats.value.since <= end
            }
            for key in due.keys { open[key] = nil }
            return due
        }
        let rows = due.values.compactMap(Self.row)
        guard !rows.isEmpty else { return }
        do {
            try await database.write { db in for row in rows { db.audit(row) } }
        } catch {
            open.withLock { $0.merge(due) { newer, _ in newer } }
            throw error
        }
    }

    private func record(_ denial: Denial) async throws {
        let entry = Self.entry(denial)
        let key = Key(caller: denial.origin.principal?.userID, route: denial.route, patient: denial.patient)
        let (isRepeated, ended) = open.withLock { Self.count(entry, key, denial.at, in: &$0) }
        guard !isRepeated else { return }
        do {
            try await database.write { db in
                if let ended { db.audit(ended) }
                db.audit(entry)
            }
        } catch {
            // The next one counts as a first one.
            open.withLock { open in if open[key]?.count == 0 { open[key] = nil } }
            throw error
        }
    }

    /// Whether it repeats one of the last minute; if not, the row of repetitions that are over.
    private static func count(
        _ entry: AuditEntry, _ key: Key, _ now: Instant, in open: inout [Key: Repeats]
    ) -> (isRepeated: Bool, ended: AuditEntry?) {
        if let earlier = open[key], now < earlier.since + span {
            open[key]?.count += 1
            open[key]?.entry = entry
            return (true, nil)
        }
        let ended = open.removeValue(forKey: key).flatMap(row)
        if open.count < mostKeys { open[key] = Repeats(since: now, entry: entry) }
        return (false, ended)
    }

    private static func row(_ repeats: Repeats) -> AuditEntry? {
        guard repeats.count > 0 else { return nil }
        let entry = repeats.entry
        return AuditEntry(
            entry.action, entry.entity, entry.entityID, by: entry.origin, patients: entry.patients,
            outcome: entry.outcome, reason: entry.reason, after: "repeated: \(repeats.count)")
    }

    private static func entry(_ denial: Denial) -> AuditEntry {
        let names = denial.pathValues.map(\.value).filter(isName)
        return AuditEntry(
            .accessDenied, denial.route, names.joined(separator: "/"), by: denial.origin, patient: denial.patient,
            outcome: .denied, reason: denial.code)
    }

    /// An id or a user name. Anything else in a path may be health data.
    private static func isName(_ text: String) -> Bool {
        (1...50).contains(text.utf8.count)
            && text.utf8.allSatisfy { symbol in
                let character = Character(Unicode.Scalar(symbol))
                return character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
            }
    }
}
