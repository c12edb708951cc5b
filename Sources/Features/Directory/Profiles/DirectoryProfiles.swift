import CareSyncCore
import Identity
import Persistence
import WebAPI

/// What identity needs from this feature: the person behind an account.
struct DirectoryProfiles: Sendable {
    let vault: PatientVault
    let names: PatientNames

    var profiles: AccountProfiles {
        AccountProfiles(create: create, describe: describe, person: person)
    }

    @Sendable
    func create(_ db: any Connection, _ account: Account, _ form: ProfileForm) throws {
        switch account.role {
        case .doctor:
            var doctor = NewDoctor(id: DoctorID(account.id), firstName: form.firstName, lastName: form.lastName)
            doctor.specialization = form.specialization
            doctor.contactInfo = form.contactInfo
            doctor.gender = form.gender
            doctor.dateOfBirth = form.dateOfBirth
            try DoctorRepository(db: db).insert(doctor, at: account.createdAt)
        case .patient:
            let patient = NewPatient(
                id: PatientID(account.id), firstName: form.firstName, lastName: form.lastName,
                contactInfo: form.contactInfo, illnessDetails: form.illnessDetails, dateOfBirth: form.dateOfBirth,
                gender: form.gender, bloodGroup: form.bloodGroup)
            try vault.insert(patient, names: names, at: account.createdAt, db)
        case .admin:
            break
        }
    }

    @Sendable
    func describe(_ db: any Connection, _ account: Account) throws -> AnyWireResponse {
        guard account.role == .doctor else {
            return AnyWireResponse(PatientResponse(try patient(db, account), account))
        }
        let doctors = DoctorRepository(db: db)
        guard let doctor = try doctors.find(DoctorID(account.id)) else { throw MissingProfile() }
        return AnyWireResponse(
            DoctorResponse(DoctorProfile(doctor: doctor, qualifications: try doctors.qualifications(of: [doctor]))))
    }

    @Sendable
    func person(_ db: any Connection, _ account: Account) throws -> PersonDetails {
        switch account.role {
        case .doctor:
            guard let doctor = try DoctorRepository(db: db).find(DoctorID(account.id)) else { throw MissingProfile() }
            return PersonDetails(
                firstName: doctor.firstName, lastName: doctor.lastName, phoneNumber: doctor.contactInfo,
                address: doctor.address ?? "")
        case .patient:
            let card = try patient(db, account)
            return PersonDetails(
                firstName: card.firstName, lastName: card.lastName, phoneNumber: card.contactInfo, address: "")
        case .admin:
            return PersonDetails(firstName: nil, lastName: nil, phoneNumber: nil, address: nil)
        }
    }

    private func patient(_ db: any Connection, _ account: Account) throws -> PatientCard {
        guard let sealed = try PatientRepository(db: db).find(PatientID(account.id)) else { throw MissingProfile() }
        return try vault.open(sealed, db)
    }
}

/// The doctor or patient row of an account is missing; no caller can cause or repair that.
struct MissingProfile: Error {}
