import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Synchronization
import Testing
import WebAPI

@Suite("What observers are told of requests")
struct ObserverTests {
    @Test("each request once, whatever becomes of it, by its declared path and without what the caller wrote")
    func eachOnce() async throws {
        let seen = Seen()
        try await ToyApp(observers: [seen.observer]).test { toys in
            _ = try await toys.get("/api/names/Ada", as: "patient")
            _ = try await toys.get("/api/toys/1000", as: "doctor")
            _ = try await toys.send(.delete, "/api/toys/5", as: "doctor")
            _ = try await toys.get("/api/nowhere")
        }
        #expect(
            seen.texts == [
                "GET /api/names/{name} 200 PATIENT", "GET /api/toys/{id} 404 DOCTOR TOY_NOT_FOUND",
                "DELETE /api/toys/{id} 403 DOCTOR ACCESS_DENIED", "GET  404 NOT_FOUND",
            ])
    }

    private final class Seen: Sendable {
        private let requests = Mutex<[RequestSummary]>([])

        var observer: RequestObserver { RequestObserver { [self] summary in requests.withLock { $0.append(summary) } } }

        var texts: [String] {
            requests.withLock { requests in
                requests.map { request in
                    ["\(request.method) \(request.path) \(request.status)", request.role?.rawValue, request.code]
                        .compactMap { $0 }.joined(separator: " ")
                }
            }
        }
    }
}
