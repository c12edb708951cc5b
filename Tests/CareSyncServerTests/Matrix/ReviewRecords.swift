import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// An anonymous review of the owner's about the treating doctor, and a visit of theirs that waits for one.
enum ReviewRecords: MatrixFixture {
    static let requests = [
        "POST /api/feedback": #"{"appointmentId":{visitId},"rating":4}"#,
        "PUT /api/feedback/{id}": #"{"rating":3}"#,
    ]

    static func clear(_ cast: MatrixCast, _ db: any Connection) throws {
        try db.run("DELETE FROM reviews WHERE doctor_id = \(cast.treatingDoctor.id)")
    }

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let reviewed = try await visit(of: cast, daysAgo: 3, in: app)
        let waiting = try await visit(of: cast, daysAgo: 2, in: app)
        let written = try await app.send(
            .post, "/api/feedback", as: cast.owner,
            body: """
                {"appointmentId":\(reviewed),"rating":2,"comment":"matrix-comment-kumquat","anonymous":true}
                """)
        let review = try #require(written["id"].int, "\(written.text)")
        return PlantedRecords(
            values: ["appointmentId": "\(reviewed)", "visitId": "\(waiting)"],
            ids: [("/api/feedback/", "\(review)")],
            state: [
                "SELECT rating FROM reviews WHERE id = \(review)",
                "SELECT count(*) FROM reviews WHERE appointment_id = \(waiting)",
            ])
    }

    private static func visit(of cast: MatrixCast, daysAgo days: Int64, in app: TestApp) async throws -> Int64 {
        let start = app.time.now - .days(days)
        return try await app.database.write { db in
            let id = try db.nextID(IDAllocator("appointment_ids"))
            try db.run(
                """
                INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, video_room_id,
                                          created_at, updated_at, status_changed_by)
                VALUES (\(id), \(cast.treatingDoctor.id), \(cast.owner.id), \(start), \(start + .minutes(30)),
                        'COMPLETED', \("room-\(id)"), \(start), \(start), 'SYSTEM')
                """)
            return id
        }
    }
}
