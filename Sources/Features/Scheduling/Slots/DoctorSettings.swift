import CareSyncCore
import Directory
import Persistence
import Synchronization

/// What a doctor's row says about the calendar.
struct DoctorSettings: RowDecodable, Equatable {
    let id: DoctorID
    let slotMinutes: Int
    let bufferBeforeMinutes: Int
    let bufferAfterMinutes: Int
    let minimumNoticeMinutes: Int
    let horizonDays: Int
    /// Counts the changes of hours and settings.
    let hoursVersion: Int64
    let paymentPolicy: PaymentPolicy
    let isVerified: Bool
    let isActive: Bool

    /// Of alias `d` (doctors).
    static let columns: SQL = """
        d.id, d.slot_minutes, d.buffer_before_minutes, d.buffer_after_minutes, d.minimum_notice_minutes, d.horizon_days,
        d.hours_version, \(PaymentPolicy.column) AS payment_policy, d.is_verified, d.is_active
        """

    init(row: Row) throws {
        id = try row.value("id")
        slotMinutes = try row.value("slot_minutes")
        bufferBeforeMinutes = try row.value("buffer_before_minutes")
        bufferAfterMinutes = try row.value("buffer_after_minutes")
        minimumNoticeMinutes = try row.value("minimum_notice_minutes")
        horizonDays = try row.value("horizon_days")
        hoursVersion = try row.value("hours_version")
        paymentPolicy = try row.value("payment_policy")
        isVerified = try row.value("is_verified")
        isActive = try row.value("is_active")
    }

    var isBookable: Bool { isVerified && isActive }

    static func find(_ doctor: DoctorID) -> SQL {
        "SELECT \(columns) FROM doctors d WHERE d.id = \(doctor)"
    }

    static func find(_ doctors: [DoctorID]) -> SQL {
        "SELECT \(columns) FROM doctors d WHERE d.id IN \(in: doctors)"
    }

    func known(_ week: WorkingWeek) -> KnownRules {
        KnownRules(hoursVersion: hoursVersion, paymentPolicy: paymentPolicy, rules: rules(week))
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
    func known(_ settings: DoctorSettings) -> KnownRules? {
        guard let remembered = self[settings.id], remembered.hoursVersion == settings.hoursVersion else { return nil }
        let current = settings.known(remembered.rules.week)
        if current != remembered { store(current, of: settings.id) }
        return current
    }

    /// The rules that belong to a doctor's row; the hours are read when they are not the ones remembered.
    func rules(of settings: DoctorSettings, _ db: any Connection) throws -> KnownRules {
        if let known = known(settings) { return known }
        let current = settings.known(WorkingWeek(rows: try db.all(Self.hours(of: settings.id))))
        store(current, of: settings.id)
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
