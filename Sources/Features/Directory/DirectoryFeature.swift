package import CareSyncCore
package import Cryptography
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
        (Role.admin.rawValue, AdministratorResponse.self),
    ]

    /// - Parameters:
    ///   - rootSecret: the same on all nodes; the codes of patients' names are made with it.
    ///   - linkBase: what the addresses of this server begin with, without a slash at the end.
    ///   - relation: who treats whom.
    ///   - availability: answers the search for doctors with a free slot on a day.
    ///   - appointments: what scheduling does when a doctor's verification is withdrawn.
    package init(
        database: any Database, vault: PatientVault, rootSecret: RootSecret, clinicZone: ClinicZone, linkBase: String,
        logger: Logger, relation: PatientRelation, availability: @escaping AvailabilityProbe,
        appointments: @escaping AppointmentSettlement
    ) {
        revocations = PatientKeyRevocations(database: database, cache: vault.cache, logger: logger)
        let doctors = DoctorService(database: database, clinicZone: clinicZone, availability: availability)
        let names = PatientNames(rootSecret: rootSecret)
        let links = LinkPolicy(base: linkBase)
        func entries<Entry: Qualification>() -> QualificationService<Entry> {
            QualificationService(database: database, zone: clinicZone, links: links)
        }
        let doctorRoutes =
            DoctorEndpoints(doctors: doctors).all
            + DoctorProfileEndpoints(profiles: DoctorProfileService(database: database)).all
            + QualificationEndpoints<Experience>(entries: entries()).all
            + QualificationEndpoints<Education>(entries: entries()).all
            + QualificationEndpoints<Certificate>(entries: entries()).all
            + VerificationEndpoints(verification: VerificationService(database: database, settlement: appointments)).all
        let patientRoutes =
            PatientEndpoints(
                patients: PatientService(database: database, vault: vault, names: names, relation: relation)
            ).all
            + PatientProfileEndpoints(
                profiles: PatientProfileService(
                    database: database, vault: vault, names: names, zone: clinicZone)
            ).all
            + ConsentEndpoints(consents: ConsentService(database: database)).all
            + AccessLogEndpoints(database: database, vault: vault).all
            + BreakGlassEndpoints(grants: BreakGlassService(database: database, vault: vault)).all
        endpoints = MasterEndpoints(master: MasterService(database: database)).all + doctorRoutes + patientRoutes
        profiles = DirectoryProfiles(vault: vault, names: names).profiles
        mails = BreakGlassMail.kinds(profiles, zone: clinicZone) + VerificationMail.kinds(profiles)
    }

    /// Forgets the patient keys that other nodes destroyed.
    package var workers: [Worker] { [Worker("patient keys", run: revocations.run)] }
}
