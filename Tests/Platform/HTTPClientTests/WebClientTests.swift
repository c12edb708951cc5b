import CareSyncTesting
import HTTPClient
import NIOCore
import Synchronization
import Testing

@Suite("Client of other servers")
struct WebClientTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Word: yes\r\n\r\nhello"
    private static let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    private static let quick = Repeats(attempts: 3, first: .milliseconds(1), longest: .milliseconds(1))
    /// Longer than any test here takes on a busy machine.
    private static let long = Duration.seconds(60)
    /// Time for an answer that never comes.
    private static let short = Duration.milliseconds(200)

    private func failure(_ body: () async throws -> Void) async -> WebFailure? {
        do {
            try await body()
            return nil
        } catch { return error as? WebFailure }
    }

    @Test("a request leaves as it was made, and its answer comes back")
    func exchange() async throws {
        let server = try ScriptedServer(.send(Self.ok))
        let request = WebRequest(
            .put, server.address + "/a%2Fb/c%20d?x=%2B&y=", headers: [(name: "x-key", value: "k")],
            body: .bytes(Array("body".utf8)))
        let answer = try await WebClient().send(request, within: Self.long)
        #expect(answer.status == 200)
        #expect(answer.header("x-word") == "yes")
        #expect(answer.length == 5)
        #expect(String(buffer: try await answer.collect(upTo: 5)) == "hello")
        let received = try #require(server.requests.first)
        #expect(received.head.hasPrefix("PUT /a%2Fb/c%20d?x=%2B&y= HTTP/1.1\r\n"))
        #expect(received.header("host") == "127.0.0.1:\(server.port)")
        #expect(received.header("x-key") == "k")
        #expect(received.header("content-length") == "4")
        #expect(received.body == Array("body".utf8))
    }

    @Test("a redirect is an answer: nobody else gets what was meant for one")
    func redirect() async throws {
        let other = try ScriptedServer(.send(Self.ok))
        let server = try ScriptedServer(
            .send("HTTP/1.1 302 Found\r\nLocation: \(other.address)/\r\nContent-Length: 0\r\n\r\n"))
        let answer = try await WebClient().send(WebRequest(.get, server.address + "/"), within: Self.long)
        #expect(answer.status == 302)
        #expect(other.requests.isEmpty)
    }

    @Test("what passes by itself is tried again, each time with what is made for it, and with the whole body")
    func repeating() async throws {
        let server = try ScriptedServer(.send(Self.busy), .sendAndClose(""), .send(Self.ok))
        let made = Mutex(0)
        let length = 300_000
        let answer = try await WebClient().send(within: Self.long, repeats: Self.quick) {
            let number = made.withLock { made in
                made += 1
                return made
            }
            return WebRequest(
                .put, server.address + "/", headers: [(name: "x-attempt", value: "\(number)")],
                body: .stream(length: Int64(length)) { offset, count in
                    ByteBuffer(bytes: (offset..<offset + Int64(count)).map { UInt8(truncatingIfNeeded: $0) })
                })
        }
        #expect(answer.status == 200)
        let requests = server.requests
        #expect(requests.map { $0.header("x-attempt") } == ["1", "2", "3"])
        let body = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        #expect(requests.allSatisfy { $0.body == body })
    }

    @Test("what does not pass is given back when the attempts are used up")
    func givingUp() async throws {
        let server = try ScriptedServer(.send(Self.busy))
        let answer = try await WebClient().send(
            WebRequest(.get, server.address + "/"), within: Self.long, repeats: Self.quick)
        #expect(answer.status == 503)
        #expect(server.requests.count == 3)
    }

    @Test("a wait that the other side asks for and that does not fit is not begun")
    func retryAfter() async throws {
        let server = try ScriptedServer(
            .send("HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"))
        let answer = try await WebClient().send(
            WebRequest(.get, server.address + "/"), within: Self.long, repeats: Self.quick)
        #expect(answer.status == 429)
        #expect(server.requests.count == 1)
    }

    @Test("a request that must not be sent twice is not, unless its maker says that it may")
    func notRepeatable() async throws {
        let body = WebBody.bytes([1])
        let cutting = try ScriptedServer(.sendAndClose(""))
        let found = await failure {
            _ = try await WebClient().send(
                WebRequest(.post, cutting.address + "/", body: body), within: Self.long, repeats: Self.quick)
        }
        #expect(found?.mayHaveArrived == true)
        #expect(cutting.requests.count == 1)
        let busy = try ScriptedServer(.send(Self.busy))
        for (isRepeatable, count) in [(false, 1), (true, 4)] {
            let request = WebRequest(.post, busy.address + "/", body: body, isRepeatable: isRepeatable)
            _ = try await WebClient().send(request, within: Self.long, repeats: Self.quick)
            #expect(busy.requests.count == count)
        }
    }

    @Test("nothing can have arrived where nobody listens")
    func refused() async throws {
        let request = WebRequest(.post, "http://127.0.0.1:1/", body: .bytes([1]))
        let found = await failure { _ = try await WebClient().send(request, within: Self.long) }
        #expect(found?.reason == .unreachable)
        #expect(found?.mayHaveArrived == false)
    }

    @Test("an address that is none is told at once")
    func badAddress() async throws {
        let found = await failure {
            _ = try await WebClient().send(WebRequest(.get, "no address"), within: Self.long, repeats: Self.quick)
        }
        #expect(found?.reason == .badAddress)
    }

    @Test("silence ends with the request's time, before the head, in the body, and while a body is sent")
    func silence() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"
        let mute = try ScriptedServer(.sendAndHang(""))
        let first = await failure {
            _ = try await WebClient().send(
                WebRequest(.get, mute.address + "/"), within: Self.short, repeats: Self.quick)
        }
        #expect(first?.reason == .timedOut)
        let stopping = try ScriptedServer(.sendAndHang(head))
        let second = await failure {
            let answer = try await WebClient().send(WebRequest(.get, stopping.address + "/"), within: Self.short)
            _ = try await answer.collect(upTo: 100)
        }
        #expect(second?.reason == .timedOut)
        let third = await failure {
            let answer = try await WebClient().send(WebRequest(.get, stopping.address + "/"), within: Self.short)
            for try await _ in answer.body {}
        }
        #expect(third?.reason == .timedOut)
        let deaf = try SilentListener()
        let fourth = await failure {
            let request = WebRequest(
                .put, deaf.address + "/",
                body: .stream(length: 1 << 30) { _, count in ByteBuffer(repeating: 7, count: count) })
            _ = try await WebClient(silence: Self.short).send(request, within: Self.long, repeats: Self.quick)
        }
        #expect(fourth?.reason == .timedOut)
    }

    @Test("an answer that ends early, is no HTTP or is too long is a failure")
    func brokenAnswers() async throws {
        for (text, reason) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", WebFailure.Reason.cut),
            ("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", .tooLarge),
            ("SSH-2.0-OpenSSH_9.2\r\n\r\n", .malformed),
        ] {
            let server = try ScriptedServer(.sendAndClose(text))
            let found = await failure {
                let answer = try await WebClient().send(WebRequest(.get, server.address + "/"), within: Self.long)
                _ = try await answer.collect(upTo: 10)
            }
            #expect(found?.reason == reason, "\(text)")
        }
    }

    private struct DiskFailure: Error {}

    @Test("a body that cannot be read fails the request with its own error, and is not tried again")
    func brokenBody() async throws {
        let server = try ScriptedServer(.send(Self.ok))
        let request = WebRequest(
            .put, server.address + "/",
            body: .stream(length: 100_000) { offset, count in
                guard offset == 0 else { throw DiskFailure() }
                return ByteBuffer(repeating: 0, count: count)
            })
        await #expect(throws: DiskFailure.self) {
            try await WebClient().send(request, within: Self.long, repeats: Self.quick)
        }
        #expect(server.requests.isEmpty)
    }

    @Test("a caller that is cancelled hears of that, not of a failure")
    func cancellation() async throws {
        let server = try ScriptedServer(.sendAndHang(""))
        let asking = Task {
            try await WebClient().send(WebRequest(.get, server.address + "/"), within: Self.long)
        }
        while server.requests.isEmpty { await Task.yield() }
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
    }

    @Test("a large answer comes in pieces of at most 64 KiB")
    func pieces() async throws {
        let text = String(repeating: "0123456789abcdef", count: 100_000)
        let server = try ScriptedServer(.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"))
        let answer = try await WebClient().send(WebRequest(.get, server.address + "/"), within: Self.long)
        var whole = ByteBuffer()
        for try await piece in answer.body {
            #expect(piece.readableBytes <= 65_536)
            whole.writeImmutableBuffer(piece)
        }
        #expect(String(buffer: whole) == text)
    }

    @Test("a failure tells neither address nor secrets")
    func text() async throws {
        let request = WebRequest(
            .get, "http://user:pass@127.0.0.1:1/path?token=secret", headers: [(name: "authorization", value: "hidden")])
        let found = try #require(await failure { _ = try await WebClient().send(request, within: Self.long) })
        #expect("\(found)" == "cannot be reached")
        #expect(!String(reflecting: found).contains("127.0.0.1"))
    }
}
