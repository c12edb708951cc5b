import CareSyncCore
import Directory
import FeatureContract
import Persistence
import Synchronization

extension CalendarSettings {
    func known(_ week: WorkingWeek) -> KnownRules {
        KnownRules(
            hoursVersion: version, paymentPolicy: paymentPolicy, fee: fee, terms: cancellationTerms, rules: rules(week))
    }

    func rules(_ week: WorkingWeek) -> SlotRules {
        SlotRules(
            slotMinutes: slotMinutes, bufferBefore: .minutes(Int64(bufferBeforeMinutes)),
            bufferAfter: .minutes(Int64(bufferAfterMinutes)), minimumNoticeMinutes: minimumNoticeMinutes,
            horizonDays: horizonDays, week: week)
    }
}

/// What a booking goes by, together with the version of the doctor's row that it belongs to.
struct KnownRules: Sendable, Equatable {
    let hoursVersion: Int64
    let paymentPolicy: PaymentPolicy
    let fee: Money
    /// They belong to the version.
    let terms: CancellationTerms
    let rules: SlotRules
}

/// The rules of recently used doctors. They may be stale: users compare the version with the doctor's row in the same
/// transaction.
final class RulesCache: Sendable {
    private let limit: Int
    private let known = Mutex<[DoctorID: KnownRules]>([:])

    init(limit: Int = 10_000) {
        self.limit = limit
    }

    subscript(doctor: DoctorID) -> KnownRules? { known.withLock { $0[doctor] } }

    /// The rules that belong to a doctor's row, if they are remembered.
    func known(_ settings: CalendarSettings) -> KnownRules? {
        guard let remembered = self[settings.doctorID], remembered.hoursVersion == settings.version else { return nil }
        let current = settings.known(remembered.rules.week)
        if current != remembered { store(current, of: settings.doctorID) }
        return current
    }

    /// The rules that belong to a doctor's row; the hours are read when they are not the ones remembered.
    func rules(of settings: CalendarSettings, _ db: any Connection) throws -> KnownRules {
        if let known = known(settings) { return known }
        let current = settings.known(WorkingWeek(rows: try db.all(Self.hours(of: settings.doctorID))))
        store(current, of: settings.doctorID)
        return current
    }

    private func store(_ rules: KnownRules, of doctor: DoctorID) {
        known.withLock { known in
            // Rare: a clinic has fewer doctors than this, and a dropped one is read again.
            if known.count >= limit { known.removeAll(keepingCapacity: true) }
            known[doctor] = rules
        }
    }

    private static func hours(of doctor: DoctorID) -> SQL {
        "SELECT \(WorkingSpan.columns) FROM working_hours h WHERE h.doctor_id = \(doctor)"
    }
}
