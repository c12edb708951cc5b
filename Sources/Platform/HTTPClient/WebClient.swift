import AsyncHTTPClient
package import CareSyncCore
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// Asks other servers, of vendors and stores, over HTTP/1.1.
///
/// Every request has a time in which it is answered, repetitions and pauses included. Redirects are answers and never
/// followed: they would carry credentials to other hosts. Nothing is logged.
package final class WebClient: Sendable {
    private let connections: Int
    private let connect: Duration
    private let silence: Duration?
    private let random: RandomSource
    /// Made with the first request: a server that asks nobody holds no client.
    private let client = Mutex<HTTPClient?>(nil)

    /// - Parameters:
    ///   - connections: the most that are open to one host; further requests wait within their time.
    ///   - connect: how long a connection may take.
    ///   - silence: how long the other side may take nothing of a body that is being sent, or leave it unanswered.
    package init(
        connections: Int = 8, connect: Duration = .seconds(3), silence: Duration? = nil, random: RandomSource = .system
    ) {
        self.connections = connections
        self.connect = connect
        self.silence = silence
        self.random = random
    }

    deinit {
        client.withLock { $0 }?.shutdown(queue: .global()) { _ in }
    }

    /// Sends a request; see ``send(within:repeats:_:)``.
    package func send(
        _ request: WebRequest, within limit: Duration, repeats: Repeats = .never
    ) async throws -> WebResponse {
        try await send(within: limit, repeats: repeats) { request }
    }

    /// Returns when the head of the answer is here, whatever its status. Throws ``WebFailure``.
    ///
    /// A request that may be repeated is, while its time lasts, after connections that failed and statuses that pass by
    /// themselves; one that may not only when nothing of it can have arrived.
    ///
    /// - Parameter make: called for each attempt, so that each can bear a time and a signature of its own.
    package func send(
        within limit: Duration, repeats: Repeats, _ make: @Sendable () throws -> WebRequest
    ) async throws -> WebResponse {
        let end = ContinuousClock.now + limit
        var attempt = 1
        while true {
            let request = try make()
            let result: Result<WebResponse, any Error>
            do {
                result = .success(try await send(request, patience: limit, until: end))
            } catch {
                try Task.checkCancellation()
                result = .failure(error)
            }
            guard let pause = pause(after: attempt, request, result, repeats), ContinuousClock.now + pause < end else {
                return try result.get()
            }
            try await Task.sleep(for: pause)
            attempt += 1
        }
    }

    /// `nil` when the result stands.
    private func pause(
        after attempt: Int, _ request: WebRequest, _ result: Result<WebResponse, any Error>, _ repeats: Repeats
    ) -> Duration? {
        switch result {
        case .success(let answer):
            guard request.isRepeatable, Repeats.isPassing(answer.status) else { return nil }
            return repeats.pause(after: attempt, asked: answer.retryAfter, random: random)
        case .failure(let failure as WebFailure):
            guard request.isRepeatable || !failure.mayHaveArrived, failure.reason != .badAddress else { return nil }
            // Whoever was silent for so long would be again.
            guard failure.reason != .timedOut || !failure.mayHaveArrived else { return nil }
            return repeats.pause(after: attempt, asked: nil, random: random)
        case .failure: return nil
        }
    }

    private func send(
        _ request: WebRequest, patience: Duration, until end: ContinuousClock.Instant
    ) async throws -> WebResponse {
        let upload = Upload(request.body)
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if let upload { outgoing.body = .stream(upload, length: .known(upload.length)) }
        do {
            let answer = try await execute(outgoing, upload, until: end)
            return WebResponse(answer, from: self, patience: patience, until: end)
        } catch {
            if let failure = upload?.failure { throw failure }
            throw WebFailure(error, mayHaveArrived: upload?.isHandedOver ?? true)
        }
    }

    /// AsyncHTTPClient's own time for writing ends when nothing is given to it, not when nothing is taken.
    private func execute(
        _ request: HTTPClientRequest, _ upload: Upload?, until end: ContinuousClock.Instant
    ) async throws -> HTTPClientResponse {
        let client = current()
        let deadline = NIODeadline.now() + Self.amount(end - .now)
        guard let upload, let silence else { return try await client.execute(request, deadline: deadline) }
        return try await withThrowingTaskGroup(of: HTTPClientResponse.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await client.execute(request, deadline: deadline) }
            group.addTask {
                while true {
                    let due = upload.lastAsked + silence
                    guard due > .now else { throw WebFailure(reason: .timedOut, mayHaveArrived: true) }
                    try await Task.sleep(until: due, clock: .continuous)
                }
            }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private func current() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
            configuration.httpVersion = .http1Only
            configuration.timeout.connect = Self.amount(connect)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
            // It would try a refused connection again until the request's time is over.
            configuration.connectionPool.retryConnectionEstablishment = false
            let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = made
            return made
        }
    }

    private static func amount(_ duration: Duration) -> TimeAmount {
        let (seconds, attoseconds) = duration.components
        return .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
