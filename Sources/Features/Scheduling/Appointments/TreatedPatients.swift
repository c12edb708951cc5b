import AuditTrail
import CareSyncCore
import Directory
import Persistence
import WebAPI

/// The patients a doctor treats.
struct TreatedPatientService: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault

    /// A patient's account.
    struct AccountRow: RowDecodable {
        let patient: SealedPatient
        let username: String
        let email: String
        let isActive: Bool
        let createdAt: Instant
        let updatedAt: Instant
        let lastLoginAt: Instant?

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

    /// Who comes last comes first, so that a list that is cut keeps whom the doctor is likely to look for. Each gets a line
    /// in the audit log.
    func list(
        of doctor: DoctorID, _ page: PageRequest, origin: RequestOrigin
    ) async throws -> Page<TreatedPatientResponse> {
        try await database.write { db in
            try VerifiedDoctor.require(doctor, db)
            let batch = Batch()
            let rows = batch.all(
                AccountRow.self,
                """
                SELECT \(SealedPatient.columns), u.username, u.email, u.is_active, u.created_at, u.updated_at,
                       u.last_login_at
                FROM (\(CareRelationship.patients(of: doctor))) treated JOIN patients p ON p.id = treated.patient_id
                    JOIN users u ON u.id = p.id
                ORDER BY treated.last_start DESC, p.id LIMIT \(page.limit) OFFSET \(page.offset)
                """)
            let total =
                page.isPaged
                ? batch.value(Int.self, "SELECT count(*) FROM (\(CareRelationship.patients(of: doctor))) treated") : nil
            try batch.run(db)
            let found = Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
            let cards = try vault.open(found.items.map(\.patient), db)
            for card in cards {
                db.audit(AuditEntry(.readPHI, "patients", "\(card.id)", by: origin, patient: card.id))
            }
            return found.replacing(zip(found.items, cards).map { TreatedPatientResponse($0, $1, zone: zone) })
        }
    }
}

/// A patient as `UserDto` of contract/common.md §11, and `contactInfo`, which the published client's picker reads.
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

    init(_ row: TreatedPatientService.AccountRow, _ card: PatientCard, zone: ClinicZone) {
        id = card.id
        username = row.username
        email = row.email
        firstName = card.firstName
        lastName = card.lastName
        phoneNumber = card.contactInfo
        contactInfo = card.contactInfo
        address = ""
        role = .patient
        createdAt = zone.local(row.createdAt)
        updatedAt = zone.local(row.updatedAt)
        isActive = row.isActive
        lastLogin = row.lastLoginAt.map(zone.local)
    }
}

struct TreatedPatientEndpoints: Sendable {
    let patients: TreatedPatientService

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
        PagedResponse(
            try await patients.list(
                of: try request.principal.requireDoctor(), request.parameters.request, origin: request.origin))
    }
}
