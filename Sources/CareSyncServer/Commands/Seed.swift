import CareSyncCore
import Cryptography
import Directory
import Identity
import Persistence
import Scheduling
import Settings

/// The invented people of the demo. Their passwords are in the documentation.
struct DemoSeeding: Sendable {
    let database: any Database
    let vault: PatientVault
    let names: PatientNames
    let identity: IdentityFeature
    let zone: ClinicZone

    /// Adds what is missing; returns whether anything was.
    func run() async throws -> Bool {
        let hashes = try await hashes()
        return try await database.write { [vault, names, identity, zone] db in
            let demo = DemoData(vault: vault, names: names, hashes: hashes) { db, account in
                try identity.addAccount(account, form: nil, db: db)
            }
            let people = try demo.seed(db)
            let added = try SchedulingDemo(zone: zone, vault: vault)
                .seed(doctors: people.doctors, patients: people.patients, db: db)
            return people.isNew || added > 0
        }
    }

    /// The cheapest hashes there are: the passwords are public.
    private func hashes() async throws -> DemoData.PasswordHashes {
        let hasher = try PasswordHasher(cost: PasswordHasher.costs.lowerBound, random: database.services.random)
        async let admin = hasher.hash(DemoData.adminPassword)
        async let doctor = hasher.hash(DemoData.doctorPassword)
        async let patient = hasher.hash(DemoData.patientPassword)
        return try await DemoData.PasswordHashes(admin: admin, doctor: doctor, patient: patient)
    }
}

extension Program {
    /// Adds the demo's people and appointments unless they exist.
    package func seedDemo() async throws {
        guard try load().0.mode == .development else {
            throw Refusal(description: "Demo data has known passwords, so production refuses it.")
        }
        try await withSystem { system in
            output.line(try await system.demo.run() ? "Demo data added." : "The demo data exists already.")
        }
    }
}

extension CareSync {
    /// How to sign in to the demo; empty when its people do not exist.
    func demoAccounts() async throws -> [String] {
        guard configuration.mode == .development else { return [] }
        return try await database.read { db in
            let admin = try IdentityFeature.account(named: DemoData.adminUsername, db: db)
            guard admin?.email.hasSuffix("@demo.caresync.example") == true else { return [] }
            let others = [(Role.doctor, DemoData.doctorPassword), (Role.patient, DemoData.patientPassword)]
            return try ["\(DemoData.adminUsername) / \(DemoData.adminPassword)"]
                + others.compactMap { role, password in
                    let name: String? = try db.value(
                        """
                        SELECT username FROM users
                        WHERE role = \(role) AND email LIKE '%@demo.caresync.example' ORDER BY id LIMIT 1
                        """)
                    return name.map { "\($0) / \(password)" }
                }
        }
    }
}
