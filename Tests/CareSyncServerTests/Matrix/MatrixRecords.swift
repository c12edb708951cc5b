import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing
import WebAPI

/// The records that the features plant, full of texts that are found again wherever they leak, and the requests that name
/// them.
struct MatrixRecords {
    /// A feature that keeps records adds its own.
    static let fixtures: [any MatrixFixture.Type] = [
        IdentityRecords.self, DirectoryRecords.self, SchedulingRecords.self, ReviewRecords.self,
        DiagnosticsRecords.self, MedicalRecords.self, DocumentRecords.self,
        PaymentRecords.self,
    ]

    private let planted: PlantedRecords

    /// What only the owner, the treating doctor and a doctor with a grant see.
    static let clinical = [
        "matrix-illness-xylophone", "matrix-symptoms-kazoo", "matrix-diagnosis-lozenge", "matrix-medicine-dulcimer",
        "matrix-amendment-gazebo", "matrix-allergy-zither", "matrix-medication-pretzel",
        "matrix-scan-kumquat", "matrix-file-gooseberry", "matrix-note-persimmon",
        "matrix-lab-tamarind",
    ]
    /// What administrators see, too.
    static let personal = [
        "Quillfeather", "Zumbrota", "+91 9000077731", "records.example", "matrix-reason-marzipan",
        "matrix-glass-tangerine", "matrix-payment-tamarind",
    ]
    /// What everyone sees who is not refused.
    static let facts = ["Featherstone", "Pumpernickel", "+91 9000088842", "matrix-comment-kumquat"]

    static let nobodysID = "9007199254740991"
    static let nobody = MatrixRecords(
        planted: PlantedRecords(values: nobodysValues, ids: [("/api/", nobodysID)]))
    static let nobodysValues = [
        "historyId": nobodysID, "diagnosis": "lozenge", "code": "0", "username": "nobody-of-this-name",
        "email": "nobody@example.org", "doctorId": nobodysID,
        "patientId": nobodysID, "sessionId": "00000000000000000000000000000000", "ipAddress": "192.0.2.77",
        "documentId": nobodysID, "transactionId": "TXN_1_00000000", "shareId": nobodysID,
        "token": "nobody",
        "appointmentId": nobodysID, "visitId": nobodysID,
        "labTestId": nobodysID, "bookingId": nobodysID, "userId": nobodysID,
        "experienceId": nobodysID, "educationId": nobodysID, "certificateId": nobodysID,
    ]

    private static let requests: [String: String] = fixtures.reduce(into: [:]) { requests, fixture in
        requests.merge(fixture.requests) { first, _ in first }
    }

    private static let forms: [String: MatrixForm] = fixtures.reduce(into: [:]) { forms, fixture in
        forms.merge(fixture.forms) { first, _ in first }
    }

    /// New records of the cast's; those from before are gone.
    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> MatrixRecords {
        try await app.database.write { db in
            for fixture in fixtures.reversed() { try fixture.clear(cast, db) }
        }
        var all = PlantedRecords()
        for fixture in fixtures {
            let planted = try await fixture.plant(for: cast, in: app)
            all.values.merge(planted.values) { first, _ in first }
            all.usernames += planted.usernames
            all.ids += planted.ids
            all.state += planted.state
        }
        return MatrixRecords(planted: all)
    }

    /// What a refused caller must not have changed: one text per planted record.
    func state(in app: TestApp) async throws -> [String] {
        let state = SQL.joined(planted.state, separator: " UNION ALL ")
        return try await app.database.read { db in
            let numbers: [Int64] = try db.values(state)
            return numbers.map(String.init)
        }
    }

    /// Whether the route names a record or a person, in its path or elsewhere.
    static func names(_ endpoint: Endpoint) -> Bool {
        requests[endpoint.route] != nil || forms[endpoint.route] != nil
            || !parameters(of: endpoint.path).subtracting(AuthorizationMatrix.words.keys).isEmpty
    }

    /// The request about these records. Throws when there is none of a kind the path names.
    func request(_ endpoint: Endpoint) throws -> (path: String, body: String?) {
        let more = try Self.requests[endpoint.route].map { try filled($0, endpoint) } ?? ""
        let path = try filled(endpoint.path, endpoint)
        if more.hasPrefix("?") { return (path + more, endpoint.method == .get ? nil : "{}") }
        return (path, endpoint.method == .get ? nil : more.isEmpty ? "{}" : more)
    }

    /// The form about these records, of a route that takes a file.
    func form(_ endpoint: Endpoint) throws -> [UInt8]? {
        guard let form = Self.forms[endpoint.route] else { return nil }
        return try form.fields.sorted { $0.key < $1.key }
            .reduce(UploadForm().file(form.file, named: form.name)) { form, field in
                form.field(field.key, try filled(field.value, endpoint))
            }.bytes
    }

    private func filled(_ template: String, _ endpoint: Endpoint) throws -> String {
        var text = template
        for name in Self.parameters(of: template) {
            let id = planted.ids.first { endpoint.path.hasPrefix($0.prefix) }?.id
            let owner = planted.usernames.first { endpoint.path.hasPrefix($0.prefix) }?.username
            guard
                let value = AuthorizationMatrix.words[name] ?? (name == "username" ? owner : nil)
                    ?? planted.values[name] ?? (name == "id" ? id : nil)
            else {
                throw AuthorizationMatrix.Mistake(description: "Nothing is planted for {\(name)} of \(endpoint.route)")
            }
            text = text.replacing("{\(name)}", with: value)
        }
        return text
    }

    private static func parameters(of template: String) -> Set<String> {
        Set(template.matches(of: /\{([A-Za-z]+)\}/).map { String($0.output.1) })
    }
}
