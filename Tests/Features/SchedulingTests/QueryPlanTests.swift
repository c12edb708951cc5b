import CareSyncCore
import CareSyncTesting
import Directory
import FeatureContract
import Identity
import Payments
import Persistence
import Testing

@testable import Scheduling

/// How the databases execute hot statements and those that could grow with history.
@Suite("Query plans")
struct QueryPlanTests {
    private static let now = Instant(seconds: 1_800_000_000)
    private static let slot = Slot(
        time: LocalDateTime(now, offsetSeconds: 0), interval: Interval(start: now, end: now + .minutes(30)))

    /// Every statement with the indexes it may use for appointments, whichever the database.
    private static func statements(_ db: any Connection) throws -> [(name: String, sql: SQL)] {
        let (doctor, patient) = (DoctorID(1), PatientID(2))
        let zone = try #require(ClinicZone("Asia/Kolkata"))
        let day = zone.date(at: now)
        let query = CalendarRepository.Query(doctor: doctor, patient: patient, from: day, to: day)
        let known = KnownRules(
            hoursVersion: 0, paymentPolicy: .payLater, fee: .zero, terms: .standard, rules: .standard)
        let order = BookingOrder(use: .booking, doctor: doctor, patient: patient, start: now, reason: nil)
        let new = Appointment(
            id: AppointmentID(1), order: order, interval: slot.interval, sealedReason: nil, heldUntil: nil,
            known: known,
            videoRoomID: "room", at: now)
        let interval = slot.interval
        return [
            ("calendar", CalendarStatement.text(query, zone: zone, now: now)),
            ("lock", BookingRepository.lock(order, known, db.dialect)),
            (
                "insert",
                BookingRepository.insert(new, in: slot, for: .booking, by: known, within: .standard, db.dialect)
            ),
            ("ended holds", HoldRepository.expired(touching: interval, doctor: doctor, patient: patient, now)),
            ("pay, shared", PayableRepository.lock(new.id, doctor: "", if: "NOT", at: now, db.dialect)),
            ("pay, alone", PayableRepository.lock(new.id, doctor: "", if: "", at: now, db.dialect)),
            ("late money", PayableRepository.returnable(new, on: day, gap: .minutes(15), at: now)),
            ("unpaid", PayableRepository.unpaid(of: patient, amount: .zero, since: now - .minutes(60), at: now)),
            (
                "prepaid insert",
                BookingRepository.insert(
                    new, in: slot, for: .booking, by: known, within: .standard,
                    unless: PaymentDesk.unlinked(of: patient, amount: .zero, for: .appointment, at: now), db.dialect)
            ),
            ("nightly job", AppointmentRepository.unconfirmed(from: now - .days(2), to: now)),
            ("coming of a doctor who is out", PeopleOutRepository.coming(of: .doctor(doctor), now: now)),
            ("coming of a patient who is out", PeopleOutRepository.coming(of: .patient(patient), now: now)),
            ("coming on holidays", AppointmentRepository.starting(within: [interval, interval], now: now)),
        ] + lists(db, doctor, patient)
    }

    private static func lists(
        _ db: any Connection, _ doctor: DoctorID, _ patient: PatientID
    ) -> [(name: String, sql: SQL)] {
        let appointments = AppointmentRepository(db: db)
        let care = CareRelationship(ties: [])
        let paged = PageRequest(page: 100, size: 20)
        return [
            ("upcoming of a doctor", appointments.rows(of: .doctor(doctor), .upcoming(now: now), paged, care)),
            ("page of a doctor", appointments.rows(of: .doctor(doctor), .all, paged, care)),
            ("page of a patient", appointments.rows(of: .patient(patient), .all, paged, care)),
        ]
    }

    @Test("no statement of the calendar scans a table that grows", arguments: DatabaseKind.available)
    func noScans(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.app.database.write { db in try Self.fill(db, clinic) }
            let plans = try await clinic.app.database.write { db in
                try Self.statements(db).map { (name: $0.name, plan: try QueryPlan.of($0.sql, db)) }
            }
            for (name, plan) in plans {
                #expect(plan.fullScans(except: Self.bounded).isEmpty, "\(name):\n\(plan)")
            }
        }
    }

    @Test(
        "what is upcoming is looked for from a day ago on, not in a doctor's whole past",
        arguments: DatabaseKind.available)
    func upcoming(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.app.database.write { db in try Self.fill(db, clinic) }
            let plan = try await clinic.app.database.write { db in
                let lists = Self.lists(db, DoctorID(clinic.doctor.id), PatientID(clinic.patient.id))
                return try QueryPlan.of(lists[0].sql, db)
            }
            // The bound on the start is part of what the index is asked for.
            let isBounded = plan.lines.contains { line in
                line.contains("doctor_id=? AND starts_at>?")
                    || (line.contains("Index Cond") && line.contains("doctor_id =") && line.contains("starts_at >"))
            }
            #expect(isBounded, "\(plan)")
        }
    }

    /// Enough rows that a database prefers an index to a scan.
    private static func fill(_ db: any Connection, _ clinic: Clinic) throws {
        let (doctor, patient) = (clinic.doctor.doctorID, clinic.patient.patientID)
        for number in 0..<2_000 {
            let start = now - .hours(Int64(2_000 - number))
            let id = AppointmentID(Int64(1_000_000 + number))
            try db.run(
                """
                INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, video_room_id,
                                          created_at, updated_at, status_changed_by)
                VALUES (\(id), \(doctor), \(patient), \(start), \(start + .minutes(30)), 'COMPLETED', 'room', \(now),
                        \(now), 'SYSTEM')
                """)
        }
        // SQLite has no statistics in production either, and takes every table for a large one.
        if db.dialect == .postgres { try db.run("ANALYZE") }
    }

    /// The doctors of a clinic are few, and the other names are what another part of the statement has found.
    private static let bounded = ["d", "page", "bounds", "doctors", "json_each"]
}
