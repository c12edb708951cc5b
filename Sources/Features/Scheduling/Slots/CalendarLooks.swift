import CareSyncCore
import Persistence
import Synchronization

/// Looks at calendars outside transactions. Whoever asks for the same days of a doctor while a look is under way waits for
/// it to end and shares the next one, which begins after all of them asked and so shows each what was so then. Of many who
/// have lost one slot, all but the first cost the database one statement together.
final class CalendarLooks: Sendable {
    struct Key: Hashable {
        let doctor: DoctorID
        let from: LocalDate
        let to: LocalDate
        let excluding: AppointmentID?
    }

    struct Caller: Sendable {
        let patients: [PatientID]
        let turn: CheckedContinuation<Turn, Never>
    }

    /// What a caller who has waited is woken with.
    enum Turn: Sendable {
        /// To look for itself and these.
        case look([Caller])
        case seen(Result<GatheredCalendar?, any Error>)
    }

    private let database: any Database
    private let zone: ClinicZone
    /// Who waits, by what is being looked at.
    let waiting = Mutex<[Key: [Caller]]>([:])

    init(database: any Database, zone: ClinicZone) {
        self.database = database
        self.zone = zone
    }

    /// `nil` for an unknown doctor.
    func look(_ query: CalendarRepository.Query) async throws -> GatheredCalendar? {
        let key = Key(doctor: query.doctor, from: query.from, to: query.to, excluding: query.excluding)
        var companions: [Caller] = []
        if !begin(key) {
            switch await wait(key, for: query.patients) {
            case .seen(let result): return try result.get()
            case .look(let others): companions = others
            }
        }
        let result = await read(query, for: query.patients + companions.flatMap(\.patients))
        next(key)
        for companion in companions { companion.turn.resume(returning: .seen(result)) }
        return try result.get()
    }

    private func begin(_ key: Key) -> Bool {
        waiting.withLock { waiting in
            guard waiting[key] == nil else { return false }
            waiting[key] = []
            return true
        }
    }

    private func wait(_ key: Key, for patients: [PatientID]) async -> Turn {
        await withCheckedContinuation { turn in
            // The look that was under way may have ended in between.
            let isOver = waiting.withLock { waiting in
                guard waiting[key] != nil else {
                    waiting[key] = []
                    return true
                }
                waiting[key]?.append(Caller(patients: patients, turn: turn))
                return false
            }
            if isOver { turn.resume(returning: .look([])) }
        }
    }

    /// Lets the first of those who wait look for them all.
    private func next(_ key: Key) {
        let callers = waiting.withLock { waiting in
            let callers = waiting[key] ?? []
            waiting[key] = callers.isEmpty ? nil : []
            return callers
        }
        callers.first?.turn.resume(returning: .look(Array(callers.dropFirst())))
    }

    private func read(
        _ query: CalendarRepository.Query, for patients: [PatientID]
    ) async -> Result<GatheredCalendar?, any Error> {
        let now = database.services.time.now
        do {
            let rows = try await database.fetch { [zone] batch in
                let rows = batch.all(
                    CalendarRow.self, CalendarStatement.text(query, for: patients, zone: zone, now: now))
                return { try rows.value }
            }
            return .success(GatheredCalendar(rows))
        } catch {
            return .failure(error)
        }
    }
}
