package import CareSyncCore
package import Directory
package import FeatureContract
package import Identity
package import Logging
package import Mail
package import Outbox
package import Persistence
package import Settings
package import WebAPI

/// Slots, appointments, leaves and holidays.
package struct SchedulingFeature: Feature {
    package static let migrations = SchedulingSchema.migrations
    package static let settings: [Setting] = [.emergencyNumber, .patientLimits]
    package static let sealedColumns = [
        SealedColumn("appointments", "reason"), SealedColumn("appointments", "cancellation_reason"),
    ]
    package let endpoints: [Endpoint]
    package let jobs: [JobHandler]
    package let mails: [MailKind]
    private let slots: SlotService
    private let appointments: AppointmentService
    private let nightly: NightlyJob
    private let notices: AppointmentNotices
    private let logger: Logger

    /// - Parameters:
    ///   - histories: fills the doctors' lists of appointments.
    ///   - prepayment: money that came before the booking.
    ///   - payLink: where a held appointment can be paid for without signing in.
    package init(
        database: any Database, zone: ClinicZone, vault: PatientVault, settings: SchedulingSettings,
        care: CareRelationship, histories: @escaping HistoryReader, prepayment: Prepayment = .none,
        payLink: @escaping PayLink = { _ in nil }, logger: Logger
    ) {
        let context = SchedulingContext(
            database: database, zone: zone, vault: vault, settings: settings, care: care, histories: histories,
            prepayment: prepayment)
        appointments = AppointmentService(context: context)
        let booking = BookingService(context: context)
        slots = SlotService(context: context)
        endpoints =
            SlotEndpoints(slots: slots).all
            + BookingEndpoints(booking: booking).all
            + PatientAppointmentEndpoints(appointments: appointments).all
            + DoctorAppointmentEndpoints(appointments: appointments).all
            + ReschedulingEndpoints(rescheduling: ReschedulingService(context: context)).all
            + TreatedPatientEndpoints(
                patients: TreatedPatientService(database: database, vault: vault, care: care), zone: zone
            ).all
            + AdminAppointmentEndpoints(
                appointments: AdminAppointmentService(context: context), booking: booking
            ).all
            + HoldEndpoints(holds: HoldService(database: database)).all
            + LeaveEndpoints(leaves: LeaveService(context: context)).all
            + WorkingHoursEndpoints(hours: WorkingHoursService(database: database, zone: zone)).all
            + HolidayEndpoints(holidays: HolidayService(context: context)).all
        let nightly = NightlyJob(database: database, zone: zone)
        jobs = [
            .transaction(HoldExpiry.self) { job, db in try HoldService.expire(job.appointment, db) },
            .transaction(EmergencyEscalation.self, isUrgent: true) { job, db in try job.run(db) },
            .transaction(NightlyJob.Run.self) { run, db in try nightly.run(run, db) },
        ]
        notices = AppointmentNotices(zone: zone, isMailAvailable: settings.isMailAvailable)
        mails = AppointmentMails.kinds(zone: zone, advice: settings.advice, payLink: payLink)
        self.nightly = nightly
        self.logger = logger
    }

    /// Which of the doctors have a free slot on a day, for the directory's `availableOn` filter.
    package static func doctorsWithFreeSlot(
        among doctors: [DoctorID], on date: LocalDate, zone: ClinicZone, db: any Connection
    ) throws -> Set<DoctorID> {
        try FreeDoctors.find(among: doctors, on: date, zone: zone, db: db)
    }

    /// Settles the coming appointments of somebody who is out, for identity and directory.
    package static func settlement(isMailAvailable: Bool) -> AppointmentSettlement {
        let people = PeopleOut(isMailAvailable: isMailAvailable)
        return { person, handling, isNew, origin, db in
            try people.settle(person, handling, isNew: isNew, by: origin, db)
        }
    }

    /// The starts of a doctor's free slots from one day to another, both included, in order. Throws
    /// `DOCTOR_NOT_FOUND`.
    package func freeSlots(of doctor: DoctorID, from: LocalDate, to: LocalDate) async throws -> [LocalDateTime] {
        try await slots.days(from: from, to: to, of: doctor, for: nil).flatMap { $0.slots.map(\.time) }
    }

    /// A patient's completed appointments, by start, that fulfil a condition of a higher feature on alias `a`.
    package func completedAppointments(
        of patient: PatientID, where condition: SQL, _ page: PageRequest
    ) async throws -> Page<PatientAppointmentResponse> {
        let zone = appointments.context.zone
        return try await appointments.list(of: patient, .completed(where: condition), page)
            .map { [appointments] in PatientAppointmentResponse($0, zone: zone, now: appointments.context.now) }
    }

    /// Ensures that today's nightly run is in the outbox; repeating it does no harm.
    package func scheduleNightlyJob() async throws {
        try await nightly.schedule()
    }

    package var workers: [Worker] { [Worker("scheduling", run: run)] }

    package func subscribe(to events: EventHub) { notices.subscribe(to: events) }

    /// Keeps the nightly job going, also when its row was lost or the clock was set.
    private func run() async {
        while !Task.isCancelled {
            do {
                try await scheduleNightlyJob()
            } catch {
                logger.error("scheduling: the nightly job cannot be scheduled", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(600))  // Cancelled when the program ends.
        }
    }
}
