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
            return try write(change, of: doctor, by: origin, db) { before in
                guard isExpected(before.version) else { throw DoctorProfileError.changedMeanwhile }
                try Self.checkContact(change, before)
            }
        }
    }

    /// The upload of a picture has set its address already; another one is refused.
    func confirmPicture(_ address: String, of id: DoctorID) async throws -> DoctorProfile {
        try await database.read { db in
            let doctors = DoctorRepository(db: db)
            guard let doctor = try doctors.find(id) else { throw MissingProfile() }
            try LinkPolicy.requirePicture(address, uploaded: doctor.profileImageURL)
            return DoctorProfile(doctor: doctor, qualifications: try doctors.qualifications(of: [doctor]))
        }
    }

    private func write(
        _ change: DoctorChange, of id: DoctorID, by origin: RequestOrigin, _ db: any Connection,
        checking check: (Doctor) throws -> Void
    ) throws -> DoctorProfile {
        let doctors = DoctorRepository(db: db)
        guard try doctors.lock(id), let before = try doctors.find(id) else { throw MissingProfile() }
        try check(before)
        try doctors.update(id, change, at: db.now)
        db.audit(AuditEntry(.accountChange, "doctors", "\(id)", by: origin, reason: "PROFILE_CHANGED"))
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
