import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// A report of the owner's, and another one that is shared.
enum DocumentRecords: MatrixFixture {
    static let requests = [
        "PUT /api/files/{documentId}/description": "?description=x",
        "POST /api/documents/{id}/shares": #"{"maxViews":3}"#,
    ]

    static let forms: [String: MatrixForm] = {
        let (ofPatient, ofDoctor) = (["patientId": "{patientId}"], ["doctorId": "{doctorId}"])
        let booking = ofPatient.merging(["bookingId": "{bookingId}"]) { first, _ in first }
        var forms = [
            "POST /api/files/upload/certificate": document(ofDoctor),
            "POST /api/files/upload/doctor-document": document(ofDoctor),
            "POST /api/files/upload/medical-document": document(ofPatient),
            "POST /api/files/upload/lab-report": document(booking),
            "POST /api/files/upload/profile-image/doctor": picture(ofDoctor),
            "POST /api/files/upload/profile-image/patient": picture(ofPatient),
            "POST /api/patients/{patientId}/upload/profile-image": picture([:]),
        ]
        for name in ["medical-document", "prescription", "lab-report", "insurance", "identification"] {
            forms["POST /api/patients/{patientId}/upload/\(name)"] = document([:])
        }
        return forms
    }()

    private static func document(_ fields: [String: String]) -> MatrixForm {
        MatrixForm(file: SampleFiles.pdf(), name: "a.pdf", fields: fields)
    }

    private static func picture(_ fields: [String: String]) -> MatrixForm {
        MatrixForm(file: SampleFiles.png, name: "a.png", fields: fields)
    }

    static func clear(_ cast: MatrixCast, _ db: any Connection) throws {
        try db.run("DELETE FROM document_shares")
        try db.run("DELETE FROM doctor_certificates")
        try db.run("DELETE FROM documents")
    }

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let owner = cast.owner
        let report = UploadForm().file(SampleFiles.pdf("(matrix-scan-kumquat)"), named: "matrix-file-gooseberry.pdf")
            .field("description", "matrix-note-persimmon").bytes
        let filed = try await app.upload("/api/patients/\(owner.id)/upload/lab-report", as: owner, report)
        let id = try #require(filed["id"].int, "\(filed.text)")
        let plain = UploadForm().file(SampleFiles.pdf(), named: "a.pdf").bytes
        let other = try await app.upload("/api/patients/\(owner.id)/upload/lab-report", as: owner, plain)
        let document = try #require(other["id"].int, "\(other.text)")
        let shared = try await app.send(.post, "/api/documents/\(document)/shares", as: owner, body: "{}")
        let (share, url) = (try #require(shared["id"].int, "\(shared.text)"), try #require(shared["url"].string))
        return PlantedRecords(
            values: [
                "documentId": "\(id)", "shareId": "\(share)",
                "token": String(url.split(separator: "/").last ?? ""),
            ],
            ids: [("/api/documents/", "\(document)")],
            state: [
                "SELECT count(*) FROM documents WHERE id = \(id) AND deleted_at IS NULL",
                "SELECT count(*) FROM document_shares WHERE document_id = \(document) AND revoked_at IS NULL",
            ])
    }
}
