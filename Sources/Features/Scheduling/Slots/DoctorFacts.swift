import CareSyncCore
import Persistence

/// What the slot rules need to know of a doctor.
struct DoctorFacts: Sendable, Equatable {
    let id: DoctorID
    let slotMinutes: Int
    /// Active and verified.
    let isBookable: Bool
    /// Leaves that touch the days asked for.
    var leaves: [LeaveSpan]

    func isOnLeave(_ date: LocalDate) -> Bool {
        leaves.contains { $0.covers(date) }
    }
}

/// Whole days, both ends included.
struct LeaveSpan: RowDecodable, Equatable {
    let doctorID: DoctorID
    let start: LocalDate
    let end: LocalDate

    init(row: Row) throws {
        doctorID = try row.value("doctor_id")
        start = try row.value("start_date")
        end = try row.value("end_date")
    }

    func covers(_ date: LocalDate) -> Bool { start <= date && date <= end }
}

/// Reads doctors' calendars.
struct CalendarRepository {
    let db: any Connection

    struct DoctorRow: RowDecodable {
        let id: DoctorID
        let slotMinutes: Int
        let isBookable: Bool

        init(row: Row) throws {
            id = try row.value("id")
            slotMinutes = try row.value("slot_minutes")
            let isVerified: Bool = try row.value("is_verified")
            let isActive: Bool = try row.value("is_active")
            isBookable = isVerified && isActive
        }
    }

    struct BusyRow: RowDecodable {
        let doctorID: DoctorID
        let interval: Interval

        init(row: Row) throws {
            doctorID = try row.value("doctor_id")
            interval = Interval(start: try row.value("starts_at"), end: try row.value("ends_at"))
        }
    }

    static func doctors(_ ids: [DoctorID]) -> SQL {
        """
        SELECT d.id, d.slot_minutes, d.is_verified, d.is_active FROM doctors d WHERE d.id IN \(in: ids)
        """
    }

    static func doctor(_ id: DoctorID) -> SQL {
        """
        SELECT d.id, d.slot_minutes, d.is_verified, d.is_active FROM doctors d WHERE d.id = \(id)
        """
    }

    static func leaves(of id: DoctorID, from: LocalDate, to: LocalDate) -> SQL {
        """
        SELECT doctor_id, start_date, end_date FROM doctor_leaves
        WHERE doctor_id = \(id) AND end_date >= \(from) AND start_date <= \(to) ORDER BY start_date
        """
    }

    static func leaves(of ids: [DoctorID], from: LocalDate, to: LocalDate) -> SQL {
        """
        SELECT doctor_id, start_date, end_date FROM doctor_leaves
        WHERE doctor_id IN \(in: ids) AND end_date >= \(from) AND start_date <= \(to) ORDER BY start_date
        """
    }

    /// An appointment lasts at most a day, which bounds the range of starts to look at.
    static func busy(doctor id: DoctorID, in span: Interval) -> SQL {
        """
        SELECT doctor_id, starts_at, ends_at FROM appointments
        WHERE doctor_id = \(id) AND \(occupying(span))
        """
    }

    static func busy(doctors ids: [DoctorID], in span: Interval) -> SQL {
        """
        SELECT doctor_id, starts_at, ends_at FROM appointments
        WHERE doctor_id IN \(in: ids) AND \(occupying(span))
        """
    }

    static func busy(patient id: PatientID, in span: Interval) -> SQL {
        """
        SELECT doctor_id, starts_at, ends_at FROM appointments
        WHERE patient_id = \(id) AND \(occupying(span))
        """
    }

    private static func occupying(_ span: Interval) -> SQL {
        """
        starts_at < \(span.end) AND starts_at > \(span.start - .days(1)) AND ends_at > \(span.start)
        AND is_active AND status IN ('BOOKED', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS')
        """
    }

    /// What is known of a doctor's days, and of when a patient is busy then.
    struct Days: Sendable {
        let facts: DoctorFacts
        let busy: [Interval]
        let own: [Interval]
    }

    /// A doctor's facts and busy times over whole days, in one round trip; `nil` for an unknown doctor.
    func calendar(
        of id: DoctorID, for patient: PatientID?, from: LocalDate, to: LocalDate, zone: ClinicZone
    ) throws -> Days? {
        let batch = Batch()
        let days = Self.calendar(of: id, for: patient, from: from, to: to, zone: zone, in: batch)
        try batch.run(db)
        return try days()
    }

    /// Adds what ``calendar(of:for:from:to:zone:)`` reads to a batch.
    static func calendar(
        of id: DoctorID, for patient: PatientID?, from: LocalDate, to: LocalDate, zone: ClinicZone, in batch: Batch
    ) -> () throws -> Days? {
        let span = Interval(start: zone.startOfDay(from), end: zone.startOfDay(to.adding(days: 1)))
        let doctor = batch.first(DoctorRow.self, doctor(id))
        let leaves = batch.all(LeaveSpan.self, leaves(of: id, from: from, to: to))
        let taken = batch.all(BusyRow.self, busy(doctor: id, in: span))
        let own = patient.map { batch.all(BusyRow.self, busy(patient: $0, in: span)) }
        return {
            guard let row = try doctor.value else { return nil }
            let facts = DoctorFacts(
                id: id, slotMinutes: row.slotMinutes, isBookable: row.isBookable, leaves: try leaves.value)
            return Days(
                facts: facts, busy: try taken.value.map(\.interval), own: try own?.value.map(\.interval) ?? [])
        }
    }
}
