import CareSyncCore
import Foundation
import Identity
import Persistence

@testable import Directory

extension DirectoryApp {
    /// Adds an administrator with id 1 and these doctors, whose user names are `doctor<id>`.
    func seed(_ doctors: [NewDoctor], inactive: Set<DoctorID> = []) async throws {
        try await other.write { db in
            if try !db.exists("SELECT 1 FROM users WHERE id = 1") {
                try insertUser(UserID(1), "theadmin", .admin, isActive: true, db)
            }
            for doctor in doctors {
                let isActive = !inactive.contains(doctor.id)
                try insertUser(UserID(doctor.id), "doctor\(doctor.id)", .doctor, isActive: isActive, db)
                try DoctorRepository(db: db).insert(doctor, at: db.now)
            }
        }
    }

    func seed(_ patients: [NewPatient]) async throws {
        let (vault, names) = (vault, try testNames())
        try await other.write { db in
            for patient in patients {
                try insertUser(UserID(patient.id), "patient\(patient.id)", .patient, isActive: true, db)
                try vault.insert(patient, names: names, at: db.now, db)
            }
        }
    }
}

func insertUser(_ id: UserID, _ username: String, _ role: Role, isActive: Bool, _ db: any Connection) throws {
    let now = db.now
    try db.run(
        """
        INSERT INTO users (id, username, username_key, email, email_key, password_hash, role, is_active, created_at,
                           updated_at)
        VALUES (\(id), \(username), \(username.lowercased()), \(username + "@example.org"),
                \(username + "@example.org"), 'x', \(role), \(isActive), \(now), \(now))
        """)
}

/// An account with an id of the program's, as demo data gets it.
func insertAccount(_ db: any Connection, _ account: NewAccount) throws -> Account {
    let id = UserID(try db.nextID(AccountSchema.userIDs))
    try insertUser(id, account.username, account.role, isActive: true, db)
    guard let found = try IdentityFeature.account(id, db: db) else { throw Problem.fault }
    return found
}

func doctor(_ id: Int64, _ first: String = "Asha", _ last: String = "Rao", verified: Bool = true) -> NewDoctor {
    var doctor = NewDoctor(id: DoctorID(id), firstName: first, lastName: last)
    if verified { doctor.verifiedBy = UserID(1) }
    return doctor
}

func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
}
