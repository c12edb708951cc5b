package import CareSyncCore
package import Identity
package import Persistence

/// Invented people for trying the program out; for development only, because their passwords are public.
///
/// The same people come out each time. Running it again changes nothing.
package struct DemoData: Sendable {
    package static let adminUsername = "admin"
    package static let adminPassword = "Admin#Demo2026"
    package static let doctorPassword = "Demo#Doctor2026"
    package static let patientPassword = "Demo#Patient2026"

    /// The three hashed passwords; computed outside, because hashing must not hold a transaction open.
    package struct PasswordHashes: Sendable {
        let admin: String
        let doctor: String
        let patient: String

        package init(admin: String, doctor: String, patient: String) {
            self.admin = admin
            self.doctor = doctor
            self.patient = patient
        }
    }

    private let vault: PatientVault
    private let names: PatientNames
    private let hashes: PasswordHashes
    private let addAccount: @Sendable (any Connection, NewAccount) throws -> Account

    /// `addAccount` inserts an account without a profile: `IdentityFeature.addAccount` with no form.
    package init(
        vault: PatientVault, names: PatientNames, hashes: PasswordHashes,
        addAccount: @escaping @Sendable (_ db: any Connection, _ account: NewAccount) throws -> Account
    ) {
        self.vault = vault
        self.names = names
        self.hashes = hashes
        self.addAccount = addAccount
    }

    /// Adds what is missing in a running transaction. Either all of the doctors and patients exist, or none.
    package func seed(_ db: any Connection) throws -> DemoPeople {
        if let people = try DemoPeople.find(db) { return people }
        let admin =
            try IdentityFeature.account(named: Self.adminUsername, db: db)?.id
            ?? account(Self.adminUsername, hashes.admin, .admin, db)
        let doctors = try DemoDoctors.all.map { try insert($0, verifiedBy: admin, db) }
        let unverified = try insert(DemoDoctors.unverified, verifiedBy: nil, db)
        let patients = try DemoPatients.all.map { try insert($0, db) }
        return DemoPeople(isNew: true, admin: admin, doctors: doctors, unverified: unverified, patients: patients)
    }

    private func account(_ username: String, _ hash: String, _ role: Role, _ db: any Connection) throws -> UserID {
        var account = NewAccount(
            username: username, email: "\(username)@demo.caresync.example", passwordHash: hash, role: role)
        account.isEmailVerified = true
        return try addAccount(db, account).id
    }

    private func insert(_ demo: DemoDoctor, verifiedBy admin: UserID?, _ db: any Connection) throws -> DoctorID {
        let id = DoctorID(try account(demo.username, hashes.doctor, .doctor, db))
        var doctor = NewDoctor(id: id, firstName: demo.firstName, lastName: demo.lastName)
        doctor.specialization = demo.specialization
        doctor.contactInfo = demo.contactInfo
        doctor.gender = demo.gender
        doctor.fee = Money(minorUnits: demo.feeInRupees * 100)
        doctor.address = demo.address
        doctor.languages = demo.languages
        doctor.verifiedBy = admin
        doctor.experiences = demo.experiences
        doctor.educations = demo.educations
        doctor.rating = demo.rating
        try DoctorRepository(db: db).insert(doctor, at: db.now)
        return id
    }

    private func insert(_ demo: DemoPatient, _ db: any Connection) throws -> PatientID {
        let id = PatientID(try account(demo.username, hashes.patient, .patient, db))
        let patient = NewPatient(
            id: id, firstName: demo.firstName, lastName: demo.lastName, contactInfo: demo.contactInfo,
            illnessDetails: demo.illnessDetails, dateOfBirth: demo.dateOfBirth, gender: demo.gender,
            bloodGroup: demo.bloodGroup)
        try vault.insert(patient, names: names, at: db.now, db)
        return id
    }
}

/// Who the demo data's people are, always in the same order.
package struct DemoPeople: Sendable, Equatable {
    /// Whether this run has added them.
    package let isNew: Bool
    package let admin: UserID
    /// Twelve verified doctors.
    package let doctors: [DoctorID]
    /// A thirteenth doctor, who is waiting for verification.
    package let unverified: DoctorID
    /// Forty.
    package let patients: [PatientID]
}

extension DemoPeople {
    private struct Name: RowDecodable {
        let id: UserID
        let username: String

        init(row: Row) throws {
            id = try row.value("id")
            username = try row.value("username_key")
        }
    }

    /// `nil` when the demo's doctors do not exist.
    static func find(_ db: any Connection) throws -> DemoPeople? {
        let doctors = DemoDoctors.all.map(\.username)
        let patients = DemoPatients.all.map(\.username)
        let others = [DemoData.adminUsername, DemoDoctors.unverified.username]
        let rows: [Name] = try db.all(
            "SELECT id, username_key FROM users WHERE username_key IN \(in: doctors + patients + others)")
        let ids = Dictionary(uniqueKeysWithValues: rows.map { ($0.username, $0.id) })
        guard let first = doctors.first, ids[first] != nil, let admin = ids[DemoData.adminUsername],
            let unverified = ids[DemoDoctors.unverified.username]
        else { return nil }
        return DemoPeople(
            isNew: false, admin: admin, doctors: doctors.compactMap { ids[$0].map { DoctorID($0) } },
            unverified: DoctorID(unverified), patients: patients.compactMap { ids[$0].map { PatientID($0) } })
    }
}
