import CareSyncCore
import CareSyncTesting
import Persistence

/// A clinic with one verified doctor and one patient, at 08:00 on 2026-03-10.
struct Clinic {
    let app: TestApp
    let doctor: TestUser
    let patient: TestUser

    static let day = "2026-03-11"

    func book(
        _ time: String = "\(day)T10:00:00", as user: TestUser? = nil, doctor: TestUser? = nil, reason: String? = nil,
        key: String? = nil
    ) async throws -> TestResponse {
        let body = Booking(
            doctorId: (doctor ?? self.doctor).id, appointmentDateTime: time, reason: reason ?? "Check-up")
        return try await app.post(
            "/api/appointments/patient/book", as: user ?? patient, json: body,
            headers: key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    /// The free slots of a day as `HH:mm`.
    func slots(on day: String = day, as user: TestUser? = nil, of doctor: TestUser? = nil) async throws -> [String] {
        let path = "/api/appointments/available-slots?doctorId=\((doctor ?? self.doctor).id)&date=\(day)"
        return try await app.get(path, as: user ?? patient)["availableSlots"].list.compactMap(\.string)
    }

    func move(_ id: Int, _ step: String, as user: TestUser? = nil) async throws -> TestResponse {
        try await app.put("/api/appointments/doctor/\(id)/\(step)", as: user ?? doctor, json: [String: String]())
    }

    func bookedID(_ time: String = "\(day)T10:00:00", as user: TestUser? = nil) async throws -> Int {
        try await book(time, as: user)["appointmentId"].int ?? 0
    }

    struct Booking: Encodable, Sendable {
        let doctorId: Int64
        let appointmentDateTime: String
        let reason: String
    }
}

func withClinic(
    _ kind: DatabaseKind, at clock: String = "08:00", _ body: @escaping @Sendable (Clinic) async throws -> Void
) async throws {
    try await withApp(kind, at: clock) { app in
        let doctor = try await app.registerDoctor()
        let patient = try await app.registerPatient()
        try await body(Clinic(app: app, doctor: doctor, patient: patient))
    }
}
