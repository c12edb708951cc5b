import CareSyncTesting
import Foundation
import HTTPTypes
import Outbox
import Persistence
import Testing
import WebAPI

/// Records that exist, full of texts that are found again wherever they leak, and the requests that name them.
///
/// A route whose path has a parameter is asked about them. A feature that adds a kind of record plants one in
/// ``plant(for:in:)`` and gives a route that needs more than its path a line in ``requests``.
struct MatrixRecords {
    /// What stands for `{name}`.
    let values: [String: String]
    /// Which `{id}` a path means, by its beginning.
    let ids: [(prefix: String, id: String)]

    /// What only the owner and the treating doctor see, or whoever broke the glass.
    static let clinical = ["matrix-illness-xylophone"]
    /// What administrators see, too.
    static let personal = [
        "Quillfeather", "Zumbrota", "+91 9000077731", "records.example", "matrix-reason-marzipan",
        "matrix-glass-tangerine",
    ]
    /// What everyone sees who is not refused.
    static let facts = ["Featherstone", "Pumpernickel", "+91 9000088842"]

    static let nobodysID = "9007199254740991"
    static let nobody = MatrixRecords(
        values: [
            "username": "nobody-of-this-name", "email": "nobody@example.org", "doctorId": nobodysID,
            "patientId": nobodysID, "sessionId": "00000000000000000000000000000000", "ipAddress": "192.0.2.77",
        ],
        ids: [("/api/", nobodysID)])

    /// What a request needs beyond its path to be right: a query that begins with `?`, or a body.
    private static let requests = [
        "GET /api/appointments/available-slots": "?doctorId={doctorId}&date=2026-03-11",
        "POST /api/appointments/patient/book":
            #"{"doctorId":{doctorId},"appointmentDateTime":"2026-03-11T16:00:00","reason":"Check-up"}"#,
        "PUT /api/appointments/doctor/{id}/status": "?status=CONFIRMED",
        "PUT /api/appointments/doctor/{id}/reschedule": "?newDateTime=2026-03-11T16:30:00",
        "PUT /api/appointments/patient/{id}/reschedule": "?newDateTime=2026-03-11T16:30:00",
        "PUT /api/appointments/patient/{id}":
            #"{"doctorId":{doctorId},"appointmentDateTime":"2026-03-11T16:30:00"}"#,
        "POST /api/appointments/patient/book-emergency": "?doctorId={doctorId}",
        "POST /api/appointments/admin/book":
            #"{"patientId":{patientId},"doctorId":{doctorId},"appointmentDateTime":"2026-03-11T15:00:00"}"#,
        "PUT /api/doctors/{id}/working-hours":
            #"{"days":[{"weekday":1,"windows":[{"start":"09:00","end":"10:00"}]}]}"#,
        "PUT /api/admin/users/{username}/status": "?active=true",
        "POST /api/break-glass": #"{"patientId":{patientId},"reason":"No relative can be reached"}"#,
    ]

    /// New records of the cast's; those from before are gone.
    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> MatrixRecords {
        let (patient, doctor) = (cast.owner, cast.treatingDoctor)
        try await app.database.write { db in
            try db.run("DELETE FROM appointments WHERE doctor_id = \(doctor.id)")
            try db.run("DELETE FROM doctor_leaves WHERE doctor_id = \(doctor.id)")
            try db.run("DELETE FROM break_glass_grants WHERE patient_id = \(patient.id)")
        }
        let appointment = try await book(doctor, "2026-03-11T10:00:00", as: patient, in: app)
        let away = try await app.post(
            "/api/doctor-leaves", as: doctor, json: ["startDate": "2026-04-01", "endDate": "2026-04-02"])
        let leave = try #require(away["id"].int, "\(away.text)")
        let block = try await app.send(
            .post, "/api/admin/block-ip?ipAddress=192.0.2.78", as: cast.admin, body: "{}")
        try #require(block.status == 200, "\(block.text)")
        var grant = 0
        for user in cast.glassBreakers {
            let opened = try await app.send(
                .post, "/api/break-glass", as: user,
                body: #"{"patientId":\#(patient.id),"reason":"matrix-glass-tangerine"}"#)
            grant = try #require(opened["id"].int, "\(opened.text)")
        }
        let session = try #require(try await app.get("/api/auth/sessions", as: patient)["[0].id"].string)
        let message = try await app.database.write { db -> Int64? in
            try db.enqueue(OutboxMessage(kind: "matrix", subject: "matrix/1"))
            try db.run("UPDATE outbox SET parked_at = due_at WHERE kind = 'matrix'")
            return try db.value("SELECT id FROM outbox WHERE kind = 'matrix'")
        }
        return MatrixRecords(
            values: [
                "doctorId": "\(doctor.id)", "username": doctor.username, "patientId": "\(patient.id)",
                "sessionId": session, "ipAddress": "192.0.2.78",
            ],
            ids: [
                ("/api/appointments/", "\(appointment)"), ("/api/doctors/", "\(doctor.id)"),
                ("/api/doctor-leaves/", "\(leave)"), ("/api/patients/", "\(patient.id)"),
                ("/api/auth/sessions/", session), ("/api/admin/outbox/", "\(try #require(message))"),
                ("/api/break-glass/", "\(grant)"),
            ])
    }

    static func book(_ doctor: TestUser, _ time: String, as patient: TestUser, in app: TestApp) async throws -> Int {
        let booked = try await app.send(
            .post, "/api/appointments/patient/book", as: patient,
            body: """
                {"doctorId":\(doctor.id),"appointmentDateTime":"\(time)","reason":"matrix-reason-marzipan"}
                """)
        return try #require(booked["appointmentId"].int, "\(booked.text)")
    }

    /// What whoever is refused must not have changed: one text per planted record.
    func state(in app: TestApp) async throws -> [String] {
        let (appointment, doctor) = (try number("/api/appointments/"), try number("/api/doctors/"))
        let (leave, message) = (try number("/api/doctor-leaves/"), try number("/api/admin/outbox/"))
        let grant = try number("/api/break-glass/")
        return try await app.database.read { db in
            let versions: [Int64] = try db.values(
                """
                SELECT version FROM appointments WHERE id = \(appointment)
                UNION ALL SELECT version + hours_version FROM doctors WHERE id = \(doctor)
                UNION ALL SELECT id FROM doctor_leaves WHERE id = \(leave)
                UNION ALL SELECT id FROM outbox WHERE id = \(message) AND parked_at IS NOT NULL
                UNION ALL SELECT count(*) FROM break_glass_grants WHERE id <= \(grant) AND closed_at IS NULL
                """)
            return versions.map(String.init)
        }
    }

    private func number(_ prefix: String) throws -> Int64 {
        try #require(ids.first { $0.prefix == prefix }.flatMap { Int64($0.id) })
    }

    /// Whether the route names a record or a person, in its path or elsewhere.
    static func names(_ endpoint: Endpoint) -> Bool {
        requests[endpoint.route] != nil
            || !parameters(of: endpoint.path).subtracting(AuthorizationMatrix.words.keys).isEmpty
    }

    /// The request about these records. Throws when there is none of a kind the path names.
    func request(_ endpoint: Endpoint) throws -> (path: String, body: String?) {
        let more = try Self.requests[endpoint.route].map { try filled($0, endpoint) } ?? ""
        let path = try filled(endpoint.path, endpoint)
        if more.hasPrefix("?") { return (path + more, endpoint.method == .get ? nil : "{}") }
        return (path, endpoint.method == .get ? nil : more.isEmpty ? "{}" : more)
    }

    private func filled(_ template: String, _ endpoint: Endpoint) throws -> String {
        var text = template
        for name in Self.parameters(of: template) {
            let id = ids.first { endpoint.path.hasPrefix($0.prefix) }?.id
            guard let value = AuthorizationMatrix.words[name] ?? values[name] ?? (name == "id" ? id : nil) else {
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
