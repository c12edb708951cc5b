import CareSyncCore
import Persistence
import WebAPI

struct HealthResponse: WireResponse {
    let status: HealthStatus
}

enum HealthStatus: String, Codable, CaseIterable, Sendable {
    case up = "UP"
}

enum HealthError: FailureCatalogue, CaseIterable {
    case databaseGone

    var problem: Problem { .unavailable }
}

/// What load balancers and supervisors ask.
struct HealthEndpoints: Sendable {
    let database: any Database

    var all: [Endpoint] {
        [
            .get(
                "/health/live", "Liveness: whether the process answers",
                "Anyone. For supervisors; it checks nothing else.",
                access: .public, settings: .unlimited, use: live),
            .get(
                "/health/ready", "Readiness: whether the database answers and takes writes",
                "Anyone. For load balancers; 503 while the server cannot serve requests.", access: .public,
                fails: [HealthError.databaseGone], settings: .unlimited, use: ready),
            .get(
                "/actuator/health", "Liveness, as the published client asks for it",
                "Anyone. The same as `GET /health/live`, where older clients look for it.", access: .public,
                settings: .unlimited, use: live
            ).deprecated(insteadUse: "GET /health/live"),
        ]
    }

    func live(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> HealthResponse {
        HealthResponse(status: .up)
    }

    func ready(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> HealthResponse {
        guard await database.isServing(within: .milliseconds(1500)) else { throw HealthError.databaseGone }
        return HealthResponse(status: .up)
    }
}
