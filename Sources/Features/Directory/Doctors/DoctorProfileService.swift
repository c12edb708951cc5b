import AuditTrail
import CareSyncCore
import Identity
import JSONCoding
import Persistence

enum DoctorProfileError: FailureCatalogue, CaseIterable {
    case changedMeanwhile

    var problem: Problem {
        switch self {
        case .changedMeanwhile:
            Problem(.preconditionFailed, "PRECONDITION_FAILED", "The profile has changed since you read it.")
        }
    }
}

/// Changes doctors' profiles; each doctor's by that doctor only.
struct DoctorProfileService: Sendable {
    let database: any Database
    let links: LinkPolicy

    /// Writes the fields that were sent and no others, so that two changes of different fields both last.
    ///
    /// - Parameters:
    ///   - email: the address to be used from now on; whatever the account has already changes nothing.
    ///   - isExpected: whether a version of the profile is one the caller wants to change.
    func change(
        _ change: DoctorChange, email: NewEmail?, of doctor: DoctorID, by origin: RequestOrigin,
        if isExpected: @escaping @Sendable (_ version: String) -> Bool
    ) async throws -> DoctorProfile {
        try await database.write { db in
            // The account is locked before the doctor (rules/persistence 4).
            if let email { try IdentityFeature.changeEmail(to: email, by: origin, db: db) }
            return try write(change, "PROFILE_CHANGED", of: doctor, by: origin, db) { before in
                guard isExpected(before.version) else { throw DoctorProfileError.changedMeanwhile }
                try Self.checkContact(change, before)
            }
        }
    }

    func changePicture(
        to address: String, of doctor: DoctorID, by origin: RequestOrigin
    ) async throws -> DoctorProfile {
        let change = DoctorChange(profileImageURL: try links.requirePicture(address))
        return try await database.write { db in
            try write(change, "PICTURE_CHANGED", of: doctor, by: origin, db) { _ in }
        }
    }

    private func write(
        _ change: DoctorChange, _ step: String, of id: DoctorID, by origin: RequestOrigin, _ db: any Connection,
        checking check: (Doctor) throws -> Void
    ) throws -> DoctorProfile {
        let doctors = DoctorRepository(db: db)
        guard try doctors.lock(id), let before = try doctors.find(id) else { throw MissingProfile() }
        try check(before)
        try doctors.update(id, change, at: db.now)
        db.audit(AuditEntry(.accountChange, "doctors", "\(id)", by: origin, reason: step))
        guard let doctor = try doctors.find(id) else { throw MissingProfile() }
        return DoctorProfile(doctor: doctor, qualifications: try doctors.qualifications(of: [doctor]))
    }

    /// What registration took and the client sends back stays valid.
    private static func checkContact(_ change: DoctorChange, _ before: Doctor) throws {
        guard let contact = change.contactInfo.value, contact != before.contactInfo,
            !DoctorChange.isTelephone(contact)
        else { return }
        throw Problem.validation([FieldError(field: "contactInfo", message: "must be a telephone number")])
    }
}
