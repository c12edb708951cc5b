import HTTPClient
import HTTPServer
package import Logging
import Synchronization

/// Runs the stand-in of a data folder in whichever process has the right to it; the others wait to take over.
package struct StandInRunner: Sendable {
    private let folder: StandInFolder
    private let account: StandInFolder.Account
    private let logger: Logger
    private let target: WebhookTarget

    /// Where events go, which is known once the program listens.
    package final class WebhookTarget: Sendable {
        private let url = Mutex<String?>(nil)

        package init() {}

        package func set(_ url: String) { self.url.withLock { $0 = url } }

        fileprivate func get() -> String? { url.withLock { $0 } }
    }

    package init(folder: StandInFolder, account: StandInFolder.Account, target: WebhookTarget, logger: Logger) {
        self.folder = folder
        self.account = account
        self.target = target
        self.logger = logger
    }

    /// Until it is cancelled.
    package func run() async throws {
        var hasComplained = false
        while !Task.isCancelled {
            do {
                if let right = try folder.own() {
                    try await serve()
                    withExtendedLifetime(right) {}
                }
            } catch is CancellationError {
                return
            } catch {
                if !hasComplained {
                    logger.warning("the stand-in of Razorpay does not run", metadata: ["error": "\(error)"])
                }
                hasComplained = true
            }
            try? await Task.sleep(for: .seconds(1))  // Cancelled at the end.
        }
    }

    private func serve() async throws {
        let gateway = StandInGateway(keys: account.keys)
        let books = try StandInBooks(path: folder.books, into: gateway)
        gateway.keep { books.append($0) }
        // It is cancelled in the midst of what it is told to do badly; nobody wants to read of that.
        var quiet = logger
        quiet.logLevel = .critical
        let server = WebServer(
            host: "127.0.0.1", port: account.port, connections: 200, responder: StandInServer(gateway), logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await server.run() }
            group.addTask { await EventCourier(gateway: gateway, send: sender()).run() }
            group.addTask {
                // Reading them again writes them anew.
                while !books.isLarge { try await Task.sleep(for: .seconds(60)) }
            }
            try await group.next()
        }
    }

    private struct NotYet: Error {}

    private func sender() -> EventCourier.Send {
        let client = WebClient()
        return { [target] event in
            guard let url = target.get() else { throw NotYet() }
            let request = WebRequest(
                .post, url, headers: event.headers.map { (name: $0.key, value: $0.value) }, body: .bytes(event.body))
            return try await client.send(request, within: .seconds(5)).status
        }
    }
}
