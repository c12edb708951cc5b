import CareSyncTesting
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import HTTPServer

@Suite("Room for connections", .timeLimit(.minutes(10)))
struct ConnectionTableTests {
    private static let request = "GET /served HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Whoever waits at all may be closed for others.
    private static let impatient = ConnectionLimits(
        idleTime: .hours(1), arrivalTime: .hours(1), newcomerTime: .zero)

    @Test("sockets of one address without a request in hand make room for others", arguments: [true, false])
    func flood(_ isSilent: Bool) async throws {
        try await withServer(.path, limits: Self.impatient, connections: 10) { port in
            let guests = try (0..<3).map { try RawConnection(port: port, from: "127.0.0.\(2 + $0)") }
            var flood: [RawConnection] = []
            // Each is accepted before the next one comes.
            for _ in 0..<5 {
                let connection = try RawConnection(port: port)
                flood.append(connection)
                guard !isSilent else { continue }
                try connection.send(Self.request)
                #expect(await connection.read(until: "/served").hasSuffix("/served"))
            }
            // More than fit beside them.
            let newcomers = try (0..<3).map { try RawConnection(port: port, from: "127.0.0.\(20 + $0)") }
            for newcomer in newcomers {
                try newcomer.send(Self.request)
                #expect(await newcomer.read(until: "/served").hasSuffix("/served"))
            }
            #expect(await flood[0].readToEnd() == "")
            // Those who hold less keep what they have.
            for guest in guests {
                try guest.send(Self.request)
                #expect(await guest.read(until: "/served").hasSuffix("/served"))
            }
        }
    }

    @Test("a request in hand keeps its socket, however many come")
    func inHand() async throws {
        let (asked, go) = (Signal(), Signal())
        let responder = Responder { request in
            if request.path == "/slow" {
                asked.fire()
                await go.wait()
            }
            return .text(request.path)
        }
        try await withServer(responder, limits: Self.impatient, connections: 10) { port in
            let slow = try RawConnection(port: port)
            try slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await asked.wait()
            let flood = try (0..<20).map { _ in try RawConnection(port: port) }
            #expect(await flood[0].readToEnd() == "")
            go.fire()
            #expect(await slow.read(until: "/slow").hasSuffix("/slow"))
        }
    }

    @Test("below four fifths nobody is closed")
    func room() async throws {
        try await withServer(.path, connections: 10) { port in
            let silent = try (0..<7).map { _ in try RawConnection(port: port) }
            let guest = try RawConnection(port: port, from: "127.0.0.2")
            try guest.send(Self.request)
            #expect(await guest.read(until: "/served").hasSuffix("/served"))
            for connection in silent {
                try connection.send(Self.request)
                #expect(await connection.read(until: "/served").hasSuffix("/served"))
            }
        }
    }

    /// A table whose time stands still until it is told, and whom it has closed.
    private final class Closings: Sendable {
        let time = Mutex(NIODeadline.uptimeNanoseconds(1_000_000_000))
        let closed = Mutex<[String]>([])

        func table(capacity: Int) -> ConnectionTable {
            ConnectionTable(capacity: capacity, grace: .milliseconds(500)) { self.time.withLock { $0 } }
        }

        func wait(_ time: TimeAmount) { self.time.withLock { $0 = $0 + time } }

        func add(_ name: String, from peer: String, to table: ConnectionTable) -> ConnectionTable.Entry {
            table.add(from: peer) { self.closed.withLock { $0.append(name) } }
        }

        var names: [String] { closed.withLock { $0 } }
    }

    @Test("who has only just come or been answered is no victim while there is room, and is one when there is none")
    func grace() {
        let closings = Closings()
        let table = closings.table(capacity: 10)
        for number in 0..<9 { _ = closings.add("a\(number)", from: "192.0.2.1", to: table) }
        #expect(closings.names == [])
        // The last place: nothing is free behind it.
        _ = closings.add("b", from: "192.0.2.2", to: table)
        #expect(closings.names == ["a0", "a1"])
    }

    @Test("the longest waiting of the network that has most close first, however often they were used")
    func order() {
        let closings = Closings()
        let table = closings.table(capacity: 10)
        let most = (0..<6).map { closings.add("a\($0)", from: "192.0.2.1", to: table) }
        let less = (0..<2).map { closings.add("b\($0)", from: "192.0.2.2", to: table) }
        closings.wait(.seconds(60))
        // Answered last, so the last to close; another one has a request in hand.
        table.isBusy(most[0])
        table.isWaiting(most[0])
        table.isBusy(most[1])
        closings.wait(.seconds(1))
        _ = closings.add("c0", from: "192.0.2.3", to: table)
        #expect(closings.names == ["a2"])
        table.isClosed(most[2])
        _ = closings.add("c1", from: "192.0.2.3", to: table)
        #expect(closings.names == ["a2", "a3"])
        // A request that came before it was closed: somebody else goes instead.
        table.isBusy(most[3])
        _ = closings.add("c2", from: "192.0.2.3", to: table)
        #expect(closings.names == ["a2", "a3", "a4", "b0"])
        for number in [0, 1, 3, 4, 5] { table.isClosed(most[number]) }
        for entry in less { table.isClosed(entry) }
    }
}
