package import CareSyncCore
package import Directory
package import Persistence

/// Past and coming appointments of the demo: the same for a given day, and only when there are none yet.
package struct SchedulingDemo: Sendable {
    private let zone: ClinicZone
    private let vault: PatientVault

    package init(zone: ClinicZone, vault: PatientVault) {
        self.zone = zone
        self.vault = vault
    }

    private static let reasons = [
        "Regular check-up", "Follow-up visit", "Blood pressure review", "Persistent cough", "Headaches since last week",
    ]

    /// How many were added.
    package func seed(doctors: [DoctorID], patients: [PatientID], db: any Connection) throws -> Int {
        guard !doctors.isEmpty, !patients.isEmpty, try !db.exists("SELECT 1 FROM appointments LIMIT 1") else {
            return 0
        }
        let now = db.now
        let today = zone.date(at: now)
        var added = 0
        for (index, patient) in patients.enumerated() {
            let doctor = doctors[index % doctors.count]
            // Each doctor's patients get different slots, so no two appointments can overlap.
            let turn = index / doctors.count
            let past = today.adding(days: -7 - turn)
            let coming = today.adding(days: 2 + turn)
            added += try insert(doctor, patient, past, slot: turn * 2, status: .completed, index, now, db)
            added += try insert(
                doctor, patient, coming, slot: turn * 2 + 1, status: index % 3 == 0 ? .confirmed : .booked, index, now,
                db)
        }
        if let last = doctors.last {
            try db.run(
                """
                INSERT INTO doctor_leaves (doctor_id, start_date, end_date, reason, created_at)
                VALUES (\(last), \(today.adding(days: 20)), \(today.adding(days: 25)), 'Conference', \(now))
                """)
        }
        // One doctor wants to be paid before the visit.
        if doctors.count > 1, var settings: CalendarSettings = try db.first(CalendarSettings.find(doctors[1])) {
            settings.paymentChoice = .prepay
            try settings.store(at: now, db)
        }
        return added
    }

    private func insert(
        _ doctor: DoctorID, _ patient: PatientID, _ date: LocalDate, slot: Int, status: AppointmentStatus, _ index: Int,
        _ now: Instant, _ db: any Connection
    ) throws -> Int {
        let slots = SlotGrid(zone: zone, rules: .standard).slots(on: date)
        let slot = slots[slot % slots.count]
        let id = AppointmentID(try db.nextID(AppointmentSchema.appointmentIDs))
        let reason = try vault.seal(
            Self.reasons[index % Self.reasons.count], of: patient, at: BookingService.reasonField(id), db)
        return try db.run(
            """
            INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, reason, video_room_id,
                                      fee, terms, created_at, updated_at, status_changed_by)
            SELECT CAST(\(id) AS bigint), d.id, CAST(\(patient) AS bigint), \(slot.interval.start), \(slot.interval.end),
                   \(status), \(reason), \(db.scope.services.random.uuid()),
                   \(status == .booked ? PaymentPolicy.fee : "0"), d.cancellation_terms, \(now), \(now), 'SYSTEM'
            FROM doctors d WHERE d.id = \(doctor)
            """)
    }
}
