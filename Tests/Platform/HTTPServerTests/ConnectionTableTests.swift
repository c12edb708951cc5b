import CareSyncTesting
import Foundation
import HTTPServer
import Testing

@Suite("Room for connections", .timeLimit(.minutes(10)))
struct ConnectionTableTests {
    private static let request = "GET /served HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("silent sockets of one address make room for another address, oldest first")
    func flood() async throws {
        try await withServer(.path, connections: 10) { port in
            let flood = try (0..<8).map { _ in try RawConnection(port: port) }
            // All are accepted once the last one is.
            let used = try RawConnection(port: port)
            try used.send(Self.request)
            #expect(await used.read(until: "/served").hasSuffix("/served"))
            #expect(await flood[0].readToEnd() == "")
            for number in 0..<20 {
                let guest = try RawConnection(port: port, from: "127.0.0.\(2 + number % 3)")
                try guest.send(Self.request)
                #expect(await guest.read(until: "/served").hasSuffix("/served"))
            }
            // A client that has sent a request keeps its connection.
            try used.send(Self.request)
            #expect(await used.read(until: "/served").hasSuffix("/served"))
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
}
