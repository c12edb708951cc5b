package import CareSyncCore

/// A 403 that a signed-in caller got, from the gate of a route or from the service behind it.
package struct Denial: Sendable {
    /// With the caller.
    package let origin: RequestOrigin
    /// Such as `GET /api/patients/{id}/access-log`.
    package let route: String
    /// The values of the path parameters, as the caller wrote them.
    package let pathValues: [(name: String, value: String)]
    /// Whose data it was about, so that the patient learns of it.
    package let patient: PatientID?
    /// The code of the answer.
    package let code: String
    package let at: Instant
}

/// Records denials before they are answered; if that fails, the request fails.
package struct DenialRecorder: Sendable {
    package let record: @Sendable (Denial) async throws -> Void

    package init(_ record: @escaping @Sendable (Denial) async throws -> Void) {
        self.record = record
    }

    /// For tests of the web layer alone.
    package static let none = DenialRecorder { _ in }
}
