import CareSyncCore
import CareSyncMetrics
import CoreMetrics
import Synchronization
import WebAPI

/// Counts and times requests by method, declared path and status. Nothing that a caller wrote is a label: a path that is
/// not declared counts as `unmatched`, and a method that HTTP does not know as `OTHER`.
final class HTTPMetrics: Sendable {
    /// The series of one method and status of a path.
    private struct Cell: Sendable {
        let method: String
        let status: Int
        let count: Counter
        let time: CoreMetrics.Timer
    }

    private final class Route: Sendable {
        let name: String
        let cells = Mutex<[Cell]>([])

        init(_ name: String) {
            self.name = name
        }
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    private static let countName = "caresync_http_requests_total"
    private static let timeName = "caresync_http_request_duration_seconds"
    /// More than the declared routes and the statuses of each can be.
    private static let mostSeries = 10_000

    private let registry: MetricsRegistry
    private let routes: [String: Route]
    private let unmatched = Route("unmatched")

    init(registry: MetricsRegistry, paths: some Sequence<String>) {
        self.registry = registry
        routes = Dictionary(paths.map { ($0, Route($0)) }) { first, _ in first }
        registry.describe(Self.countName, "Requests that were answered.", mostSeries: Self.mostSeries)
        registry.describe(
            Self.timeName, "Seconds from a request's head to the response to it.", mostSeries: Self.mostSeries)
    }

    var observer: RequestObserver {
        RequestObserver { summary in
            self.count(
                summary.method, summary.path, summary.status,
                nanoseconds: (summary.respondedAt - summary.receivedAt).microseconds * 1_000)
        }
    }

    func count(_ method: String, _ path: String, _ status: Int, nanoseconds: Int64) {
        let route = routes[path] ?? unmatched
        let cell = route.cells.withLock { cells in
            if let known = cells.first(where: { $0.status == status && $0.method == method }) { return known }
            let shown = Self.methods.contains(method) ? method : "OTHER"
            if let known = cells.first(where: { $0.status == status && $0.method == shown }) { return known }
            let made = makeCell(shown, route.name, status)
            cells.append(made)
            return made
        }
        cell.count.increment()
        cell.time.recordNanoseconds(nanoseconds)
    }

    private func makeCell(_ method: String, _ route: String, _ status: Int) -> Cell {
        let labels = [("method", method), ("route", route), ("code", String(status))]
        return Cell(
            method: method, status: status,
            count: Counter(label: Self.countName, dimensions: labels, factory: registry),
            time: CoreMetrics.Timer(label: Self.timeName, dimensions: labels, factory: registry))
    }
}
