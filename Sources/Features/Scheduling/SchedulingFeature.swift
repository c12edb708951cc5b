package import CareSyncCore
package import Directory
package import Persistence
package import WebAPI

/// Slots and appointments.
package struct SchedulingFeature: Sendable {
    package let endpoints: [Endpoint]

    package init(database: any Database, zone: ClinicZone, vault: PatientVault) {
        let appointments = AppointmentService(database: database, zone: zone, vault: vault)
        endpoints =
            SlotEndpoints(slots: SlotService(database: database, zone: zone)).all
            + BookingEndpoints(booking: BookingService(database: database, zone: zone, vault: vault)).all
            + PatientAppointmentEndpoints(appointments: appointments).all
            + DoctorAppointmentEndpoints(appointments: appointments).all
            + SeenPatientEndpoints(
                patients: SeenPatientService(database: database, zone: zone, vault: vault)
            ).all
    }

    package static var migrations: [Migration] { SchedulingMigrations.all }

    /// Which of the doctors have a free slot on a day, for the directory's `availableOn` filter.
    package static func doctorsWithFreeSlot(
        among doctors: [DoctorID], on date: LocalDate, zone: ClinicZone, db: any Connection
    ) throws -> Set<DoctorID> {
        try SlotService.doctorsWithFreeSlot(among: doctors, on: date, zone: zone, db: db)
    }
}
