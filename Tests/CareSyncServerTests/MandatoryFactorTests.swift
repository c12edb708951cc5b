import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Testing
import WebAPI

/// Administrators where `CARESYNC_ADMIN_SECOND_FACTOR` is `required`, as it is in production.
@Suite("Mandatory second factor")
struct MandatoryFactorTests {
    private static let required = ["CARESYNC_ADMIN_SECOND_FACTOR": "required"]
    private static let open: Set = [
        "GET /api/auth/current-user", "POST /api/auth/change-password", "POST /api/auth/step-up",
        "POST /api/auth/second-factor/enroll", "POST /api/auth/second-factor/confirm",
    ]

    @Test("without one every route that needs a token is closed to them, but for those that lead to one")
    func closed() async throws {
        try await withApp(environment: Self.required) { app in
            let admin = try await app.admin()
            for endpoint in app.system.endpoints {
                let response = try await app.send(
                    endpoint.method, AuthorizationMatrix.samplePath(endpoint.path), as: admin,
                    body: endpoint.method == .get ? nil : "{}")
                let isClosed = response.problemCode == "SECOND_FACTOR_ENROLLMENT_REQUIRED"
                let isGuarded = !endpoint.access.gate.contains("PUBLIC") && !Self.open.contains(endpoint.route)
                #expect(isClosed == isGuarded, "\(endpoint.route)")
                #expect(!isClosed || response.status == 403)
            }
        }
    }

    @Test("doctors and patients need none, and a generated password comes first")
    func others() async throws {
        try await withApp(environment: Self.required) { app in
            let (doctor, patient) = (try await app.registerDoctor(), try await app.registerPatient())
            #expect(try await app.get("/api/auth/sessions", as: doctor).status == 200)
            #expect(try await app.get("/api/auth/sessions", as: patient).status == 200)
            let admin = try await app.adminWithGeneratedPassword()
            #expect(try await app.get("/api/admin/users", as: admin).problemCode == "PASSWORD_CHANGE_REQUIRED")
        }
    }
}
