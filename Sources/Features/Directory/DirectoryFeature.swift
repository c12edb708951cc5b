package import CareSyncCore
package import FeatureContract
package import Identity
package import Logging
package import Mail
package import Persistence
package import WebAPI

/// Doctors, patients and the value lists of the forms.
package struct DirectoryFeature: Feature {
    package static let migrations = DirectorySchema.migrations
    package static let sealedColumns = [
        SealedColumn("patients", "first_name", patient: "id"), SealedColumn("patients", "last_name", patient: "id"),
        SealedColumn("patients", "contact_info", patient: "id"),
        SealedColumn("patients", "illness_details", patient: "id"),
        SealedColumn("patients", "date_of_birth", patient: "id"), SealedColumn("break_glass_grants", "reason"),
    ]
    package let endpoints: [Endpoint]
    /// What identity needs from this feature.
    package let profiles: AccountProfiles
    package let mails: [MailKind]
    let revocations: PatientKeyRevocations

    /// What each role is described as after sign-in.
    package static let profileShapes: [(value: String, type: any (Decodable & Sendable).Type)] = [
        (Role.patient.rawValue, PatientResponse.self), (Role.doctor.rawValue, DoctorResponse.self),
        (Role.admin.rawValue, UserSummaryResponse.self),
    ]

    /// `availability` answers the search for doctors with a free slot on a day; `appointments` is what scheduling does when
    /// a doctor's verification is withdrawn.
    package init(
        database: any Database, vault: PatientVault, clinicZone: ClinicZone, logger: Logger,
        availability: @escaping AvailabilityProbe, appointments: @escaping AppointmentSettlement
    ) {
        revocations = PatientKeyRevocations(database: database, cache: vault.cache, logger: logger)
        let doctors = DoctorService(database: database, clinicZone: clinicZone, availability: availability)
        endpoints =
            MasterEndpoints(master: MasterService(database: database)).all
            + DoctorEndpoints(doctors: doctors).all
            + VerificationEndpoints(verification: VerificationService(database: database, settlement: appointments)).all
            + AccessLogEndpoints(database: database, vault: vault).all
            + BreakGlassEndpoints(grants: BreakGlassService(database: database, vault: vault)).all
        profiles = DirectoryProfiles(vault: vault).profiles
        mails = BreakGlassMail.kinds(profiles, zone: clinicZone) + VerificationMail.kinds(profiles)
    }

    /// Forgets the patient keys that other nodes destroyed.
    package var workers: [Worker] { [Worker("patient keys", run: revocations.run)] }
}
