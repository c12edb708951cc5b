import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// An appointment of the owner with the treating doctor, and a leave of the doctor's.
enum SchedulingRecords: MatrixFixture {
    static let requests = [
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
    ]

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let doctor = cast.treatingDoctor
        try await app.database.write { db in
            try db.run("DELETE FROM appointments WHERE doctor_id = \(doctor.id)")
            try db.run("DELETE FROM doctor_leaves WHERE doctor_id = \(doctor.id)")
        }
        let appointment = try await book(doctor, "2026-03-11T10:00:00", as: cast.owner, in: app)
        let away = try await app.post(
            "/api/doctor-leaves", as: doctor, json: ["startDate": "2026-04-01", "endDate": "2026-04-02"])
        let leave = try #require(away["id"].int, "\(away.text)")
        return PlantedRecords(
            ids: [("/api/appointments/", "\(appointment)"), ("/api/doctor-leaves/", "\(leave)")],
            state: [
                "SELECT version FROM appointments WHERE id = \(appointment)",
                "SELECT id FROM doctor_leaves WHERE id = \(leave)",
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
}
