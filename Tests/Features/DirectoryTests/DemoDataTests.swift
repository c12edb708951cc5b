import CareSyncCore
import CareSyncTesting
import Foundation
import Identity
import Persistence
import Testing

@testable import Directory

@Suite("Demo data")
struct DemoDataTests {
    private static func demo(_ vault: PatientVault) throws -> DemoData {
        DemoData(
            vault: vault, names: try testNames(),
            hashes: DemoData.PasswordHashes(admin: "a", doctor: "d", patient: "p"),
            addAccount: insertAccount)
    }

    @Test("it adds the promised people once", arguments: DatabaseKind.available)
    func idempotent(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let demo = try Self.demo(app.vault)
            let first = try await app.other.write { try demo.seed($0) }
            let again = try await app.other.write { try demo.seed($0) }
            #expect(first.isNew)
            #expect(!again.isNew)
            #expect(first.admin == again.admin)
            #expect(first.unverified == again.unverified)
            #expect(first.doctors == again.doctors)
            #expect(first.patients == again.patients)
            #expect(first.doctors.count == 12)
            #expect(first.patients.count == 40)
            let users: Int? = try await app.other.read { try $0.value("SELECT count(*) FROM users") }
            #expect(users == 54)

            let doctors = try await app.get("/api/doctors", as: .patient).decode([DoctorResponse].self)
            #expect(doctors.count == 12)
            #expect(Set(doctors.map(\.specialization)).count == 8)
            #expect(doctors.allSatisfy { $0.consultationFees != nil && !$0.educations.isEmpty })
            let cardiologists = try await app.get(
                "/api/doctors?specialization=Cardiology&minRating=4&page=0&size=20", as: .patient)
            #expect(cardiologists.header("X-Total-Count") == "2")
        }
    }

    @Test("it is the same on every database", arguments: DatabaseKind.available)
    func deterministic(_ kind: DatabaseKind) async throws {
        var seen: [[PatientCard]] = []
        for _ in 0..<2 {
            let cards = try await withDatabase(kind, migrations: testMigrations) { database in
                let vault = try testVault()
                return try await database.write { db in
                    _ = try Self.demo(vault).seed(db)
                    let sealed: [SealedPatient] = try db.all(
                        "SELECT \(SealedPatient.columns) FROM patients p ORDER BY p.id")
                    return try vault.open(sealed, db).compactMap(\.self)
                }
            }
            seen.append(cards)
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].count == 40)
    }

    @Test("an existing administrator is left unchanged", arguments: DatabaseKind.available)
    func existingAdmin(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.other.write { db in
                try insertUser(UserID(7), DemoData.adminUsername, .admin, isActive: true, db)
            }
            let demo = try Self.demo(app.vault)
            let people = try await app.other.write { try demo.seed($0) }
            #expect(people.isNew)
            #expect(people.admin == UserID(7))
        }
    }

    @Test("the people are told apart by user name")
    func differentNames() {
        let names = DemoDoctors.all.map(\.username) + DemoPatients.all.map(\.username)
        #expect(Set(names).count == 52)
    }
}
