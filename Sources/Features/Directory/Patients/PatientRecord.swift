import CareSyncCore
import Persistence

/// A patient, still sealed, with the account.
struct SealedRecord: RowDecodable {
    let patient: SealedPatient
    let username: String
    let email: String
    let isActive: Bool

    static let columns: SQL = "\(SealedPatient.columns), u.username, u.email, u.is_active"
    static let tables: SQL = "patients p JOIN users u ON u.id = p.id"

    init(row: Row) throws {
        patient = try SealedPatient(row: row)
        username = try row.value("username")
        email = try row.value("email")
        isActive = try row.value("is_active")
    }
}

/// A patient as somebody sees them.
struct PatientRecord: Sendable {
    let id: PatientID
    let username: String
    let email: String
    let isActive: Bool
    /// `nil` when the patient's key is lost.
    let card: PatientCard?
    /// Whether the viewer sees what is clinical.
    let showsClinical: Bool

    init(_ sealed: SealedRecord, _ card: PatientCard?, for viewer: PatientViewer) {
        id = sealed.patient.id
        username = sealed.username
        email = sealed.email
        isActive = sealed.isActive
        self.card = card
        showsClinical = viewer.seesClinical
    }
}
