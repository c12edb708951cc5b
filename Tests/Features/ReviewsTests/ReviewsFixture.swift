import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// A doctor and a patient whose visits of the past are planted, at 08:00 on 2026-03-10.
struct ReviewDesk {
    let app: TestApp
    let doctor: TestUser
    let patient: TestUser

    /// A visit of the two, hours ago; another one of the same people needs another hour.
    func visit(
        _ status: String = "COMPLETED", hoursAgo: Int = 24, of patient: TestUser? = nil, with doctor: TestUser? = nil
    ) async throws -> Int {
        let (patient, doctor) = (patient ?? self.patient, doctor ?? self.doctor)
        let start = app.time.now - .hours(Int64(hoursAgo))
        let id = try await app.database.write { db in
            let id = try db.nextID(IDAllocator("appointment_ids"))
            try db.run(
                """
                INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, video_room_id,
                                          created_at, updated_at, status_changed_by)
                VALUES (\(id), \(doctor.id), \(patient.id), \(start), \(start + .minutes(30)), \(status),
                        \("room-\(id)"), \(start), \(start), 'SYSTEM')
                """)
            return id
        }
        return Int(id)
    }

    /// `more` are further members of the body, such as `"anonymous":true`.
    func review(
        _ visit: Int, _ rating: Int = 5, _ more: String = "", as user: TestUser? = nil, key: String? = nil
    ) async throws -> TestResponse {
        let body = #"{"appointmentId":\#(visit),"rating":\#(rating)\#(more.isEmpty ? "" : ",")\#(more)}"#
        return try await app.send(
            .post, "/api/feedback", as: user ?? patient, headers: key.map { ["Idempotency-Key": $0] } ?? [:],
            body: body)
    }

    /// A new visit with its review: the number of the review.
    func reviewed(
        _ rating: Int = 5, _ more: String = "", hoursAgo: Int = 24, by user: TestUser? = nil
    ) async throws -> Int {
        let visit = try await visit(hoursAgo: hoursAgo, of: user)
        let written = try await review(visit, rating, more, as: user)
        return try #require(written["id"].int, "\(written.text)")
    }

    func change(_ review: Int, _ body: String, as user: TestUser? = nil) async throws -> TestResponse {
        try await app.send(.put, "/api/feedback/\(review)", as: user ?? patient, body: body)
    }

    func average(as user: TestUser? = nil) async throws -> Double? {
        try await app.get("/api/feedback/doctor/\(doctor.id)/average-rating", as: user ?? patient)["averageRating"]
            .double
    }

    /// The audit lines about reviews: action and patients.
    func audited(_ action: String) async throws -> [String] {
        try await app.database.read { db in
            try db.values(
                """
                SELECT entity_id || ' ' || coalesce(CAST(patient_id AS text), patients, '') FROM audit_log
                WHERE entity = 'reviews' AND action = \(action) ORDER BY at, sequence
                """)
        }
    }
}

func withReviews(_ kind: DatabaseKind, _ body: @escaping @Sendable (ReviewDesk) async throws -> Void) async throws {
    try await withApp(kind) { app in
        try await body(
            ReviewDesk(
                app: app, doctor: try await app.registerDoctor(["firstName": "Meera", "lastName": "Nair"]),
                patient: try await app.registerPatient()))
    }
}
