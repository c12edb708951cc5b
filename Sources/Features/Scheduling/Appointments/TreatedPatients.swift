import AuditTrail
import CareSyncCore
import Directory
import Persistence
import WebAPI

/// The patients a doctor treats.
struct TreatedPatientService: Sendable {
    let database: any Database
    let vault: PatientVault
    let care: CareRelationship

    /// A patient's account, and the patient in clear; `nil` when the patient's key is lost.
    struct Seen: Sendable {
        let account: TreatedAccount
        let card: PatientCard?
    }

    /// The latest appointment comes first, so that a list that is cut keeps the patients the doctor is likely to look
    /// for. The log names them all.
    func list(of doctor: DoctorID, _ page: PageRequest, origin: RequestOrigin) async throws -> Page<Seen> {
        try await database.readAudited { db in
            try VerifiedDoctor.require(doctor, db)
            let found = try TreatedPatientRepository(db: db, care: care).page(of: doctor, page)
            let cards = try vault.open(found.items.map(\.patient), db)
            let shown = found.replacing(zip(found.items, cards).map { Seen(account: $0, card: $1) })
            guard !found.items.isEmpty else { return (shown, []) }
            let patients = found.items.map(\.patient.id)
            return (shown, [AuditEntry(.readPHI, "patients", "", by: origin, patients: patients)])
        }
    }
}

/// A patient, still sealed, with the account.
struct TreatedAccount: RowDecodable {
    let patient: SealedPatient
    let username: String
    let email: String
    let isActive: Bool
    let createdAt: Instant
    let updatedAt: Instant
    let lastLoginAt: Instant?

    static let columns: SQL = """
        \(SealedPatient.columns), u.username, u.email, u.is_active, u.created_at, u.updated_at, u.last_login_at
        """

    init(row: Row) throws {
        patient = try SealedPatient(row: row)
        username = try row.value("username")
        email = try row.value("email")
        isActive = try row.value("is_active")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        lastLoginAt = try row.value("last_login_at")
    }
}

struct TreatedPatientRepository {
    let db: any Connection
    let care: CareRelationship

    /// The page's ids are taken first, so that rows are fetched for nobody who is skipped.
    func page(of doctor: DoctorID, _ page: PageRequest) throws -> Page<TreatedAccount> {
        let batch = Batch()
        let rows = batch.all(
            TreatedAccount.self,
            """
            SELECT \(TreatedAccount.columns)
            FROM (\(care.patients(of: doctor))
                  ORDER BY last_start DESC, patient_id LIMIT \(page.limit) OFFSET \(page.offset)) treated
                JOIN patients p ON p.id = treated.patient_id JOIN users u ON u.id = p.id
            ORDER BY treated.last_start DESC, p.id
            """)
        let total =
            page.isPaged
            ? batch.value(Int.self, "SELECT count(*) FROM (\(care.patients(of: doctor))) treated") : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
    }
}

/// A patient as `UserDto` of the published API, and `contactInfo`, which the published client's picker reads.
struct TreatedPatientResponse: WireResponse {
    let id: PatientID
    let username: String
    let email: String
    let firstName: String?
    let lastName: String?
    let phoneNumber: String?
    let contactInfo: String?
    let address: String
    let role: Role
    let createdAt: LocalDateTime
    let updatedAt: LocalDateTime
    let isActive: Bool
    let lastLogin: LocalDateTime?

    init(_ seen: TreatedPatientService.Seen, zone: ClinicZone) {
        let account = seen.account
        id = account.patient.id
        username = account.username
        email = account.email
        firstName = seen.card?.firstName
        lastName = seen.card?.lastName
        phoneNumber = seen.card?.contactInfo
        contactInfo = seen.card?.contactInfo
        address = ""
        role = .patient
        createdAt = zone.local(account.createdAt)
        updatedAt = zone.local(account.updatedAt)
        isActive = account.isActive
        lastLogin = account.lastLoginAt.map(zone.local)
    }
}

struct TreatedPatientEndpoints: Sendable {
    let patients: TreatedPatientService
    let zone: ClinicZone

    var all: [Endpoint] {
        [
            .get(
                "/api/appointments/doctor/unique-patients", "The patients I treat",
                "Verified doctors. Who comes last comes first; each patient gets a line in their access log.",
                access: .role(.doctor), fails: [SchedulingError.doctorNotVerified], use: list)
        ]
    }

    func list(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<TreatedPatientResponse>
    {
        let found = try await patients.list(
            of: try request.principal.requireDoctor(), request.parameters.request, origin: request.origin)
        return PagedResponse(found.map { TreatedPatientResponse($0, zone: zone) })
    }
}
