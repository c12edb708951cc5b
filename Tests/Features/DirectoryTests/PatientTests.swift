import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import Identity
import Persistence
import Testing

@testable import Directory

@Suite("Patients")
struct PatientTests {
    static func patient(_ id: Int64, _ first: String = "Canaryfirst") -> NewPatient {
        NewPatient(
            id: PatientID(id), firstName: first, lastName: "Canarylast", contactInfo: "canary-phone-42",
            illnessDetails: "canary illness", dateOfBirth: LocalDate("1987-06-05"), gender: "Female",
            bloodGroup: "O+")
    }

    @Test("a signed-in patient is described in clear, every field there", arguments: DatabaseKind.available)
    func described(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([Self.patient(20)])
            let user = try #require(try await app.get("/test/me", as: .patient(20)).object["user"] as? [String: Any])
            #expect(user.count == 15)
            #expect(user["name"] as? String == "Canaryfirst Canarylast")
            #expect(user["illnessDetails"] as? String == "canary illness")
            #expect(user["dateOfBirth"] as? String == "1987-06-05")
            #expect(user["profileImageUrl"] is NSNull)
            #expect(user["completionPercentage"] as? Int == 80)
        }
    }

    @Test("nothing of a patient is in the database file in clear")
    func ciphertext() async throws {
        try await withDirectory(.sqlite) { app in
            try await app.seed([Self.patient(20)])
            let path = try #require(
                try await app.other.read { db -> String? in
                    try db.value("SELECT file FROM pragma_database_list WHERE name = 'main'")
                })
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            // What has not been moved into the file yet.
            if let log = try? Data(contentsOf: URL(fileURLWithPath: path + "-wal")) { bytes += log }
            #expect(bytes.range(of: Data("patient20".utf8)) != nil)
            for canary in ["Canaryfirst", "Canarylast", "canary-phone", "canary illness", "1987-06-05"] {
                #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(canary)")
            }
        }
    }

    @Test(
        "a value moved from another row is an integrity failure and is not overwritten",
        arguments: DatabaseKind.available)
    func movedCiphertext(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed([Self.patient(20), Self.patient(21, "Other")])
            try await app.run(
                "UPDATE patients SET first_name = (SELECT first_name FROM patients WHERE id = 21) WHERE id = 20")
            let before = try await app.bytes("SELECT first_name FROM patients WHERE id = 20")
            let reply = try await app.get("/test/me", as: .patient(20))
            #expect(reply.status == 500)
            #expect(reply.code == "DATA_INTEGRITY")
            #expect(!String(decoding: reply.body, as: UTF8.self).contains("first_name"))
            #expect(try await app.bytes("SELECT first_name FROM patients WHERE id = 20") == before)
            #expect(try await app.get("/test/me", as: .patient(21)).status == 200)
        }
    }

    @Test(
        "many patients open with two queries, and with one when their keys are known",
        arguments: DatabaseKind.available)
    func queries(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed((20..<60).map { Self.patient($0) })
            let vault = try testVault()
            for expected in [2, 1] {
                app.count.reset()
                let cards = try await app.database.read { db in
                    let sealed: [SealedPatient] = try db.all(
                        "SELECT \(SealedPatient.columns) FROM patients p ORDER BY p.id")
                    return try vault.open(sealed, db)
                }
                #expect(cards.map { $0?.id.rawValue } == Array(20..<60))
                #expect(app.count.statements == expected)
            }
        }
    }

    @Test(
        "registration makes a sealed patient, an unverified doctor, and nothing for an administrator",
        arguments: DatabaseKind.available)
    func profiles(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let profiles = DirectoryProfiles(vault: app.vault, names: try testNames()).profiles
            var form = ProfileForm(firstName: "Mira", lastName: "Sen")
            form.specialization = " Cardiology "
            form.illnessDetails = "canary illness"
            let people = try await app.other.write { [form] db in
                try [(Int64(20), Role.patient), (21, .doctor), (22, .admin)].map { id, role in
                    try insertUser(UserID(id), "person\(id)", role, isActive: true, db)
                    guard let account = try IdentityFeature.account(UserID(id), db: db) else { throw Problem.fault }
                    try profiles.create(db, account, form)
                    return try profiles.person(db, account)
                }
            }
            #expect(people.map(\.firstName) == ["Mira", "Mira", nil])
            #expect(people.map(\.address) == ["", "", nil])
            let doctor = try await app.get("/api/doctors/21", as: .admin).decode(DoctorResponse.self)
            #expect(!doctor.isVerified)
            let admin = try #require(
                try await app.get("/test/me", as: .init(role: .admin, id: 22)).object["user"] as? [String: Any])
            #expect(Set(admin.keys) == ["userId", "username", "role", "isActive"])
        }
    }
}

extension DirectoryApp {
    func run(_ sql: SQL) async throws {
        try await other.write { db in _ = try db.run(sql) }
    }

    /// The first column of the first row; `nil` when it is null or there is no row.
    func bytes(_ sql: SQL) async throws -> [UInt8]? {
        try await other.read { db in
            var found: [UInt8]?
            try db.query(sql) { row in
                if found == nil { found = try row.value(at: 0) as [UInt8]? }
            }
            return found
        }
    }
}
