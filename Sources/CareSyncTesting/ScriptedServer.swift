import Concurrency
import Foundation
import Synchronization

/// A server that answers requests by a script, also as no real server would.
package final class ScriptedServer: Sendable {
    package enum Answer: Sendable {
        /// These bytes; the connection stays for the next request.
        case send(String)
        /// These bytes, and the end of the connection.
        case sendAndClose(String)
        /// These bytes, and silence until the server ends.
        case sendAndHang(String)
    }

    package struct Request: Sendable {
        /// The request line and the headers.
        package let head: String
        package let body: [UInt8]

        package func header(_ name: String) -> String? {
            head.split(separator: "\r\n").dropFirst().first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { $0.dropFirst(name.utf8.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    private struct State {
        var answers: [Answer]
        var requests: [Request] = []
        var sockets: [Int32] = []
        var isOver = false
    }

    package let port: Int
    private let listener: Int32
    private let state: Shared

    /// What the threads hold, so that they do not keep the server.
    private final class Shared: Sendable {
        let state: Mutex<State>

        init(_ answers: [Answer]) {
            state = Mutex(State(answers: answers))
        }
    }

    /// - Parameter answers: one a request; the last one is given again and again.
    package convenience init(_ answers: Answer...) throws {
        try self.init(answers)
    }

    package init(_ answers: [Answer]) throws {
        state = Shared(answers)
        (listener, port) = try LoopbackSocket.listening()
        let isStarted = OwnThread.start("scripted") { [listener, state] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Self.serve(connection, state)
            }
        }
        guard isStarted else { throw NoThread() }
    }

    deinit {
        // Wakes the threads that wait.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        state.state.withLock { state in
            state.isOver = true
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    package var address: String { "http://127.0.0.1:\(port)" }

    /// Those that have arrived whole.
    package var requests: [Request] { state.state.withLock { $0.requests } }

    private static func serve(_ connection: Int32, _ shared: Shared) {
        let isOpen = shared.state.withLock { state in
            if !state.isOver { state.sockets.append(connection) }
            return !state.isOver
        }
        let isStarted =
            isOpen
            && OwnThread.start("scripted") {
                var bytes: [UInt8] = []
                while let request = read(connection, &bytes) {
                    let answer = shared.state.withLock { state in
                        state.requests.append(request)
                        return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first
                    }
                    switch answer {
                    case .send(let text): write(text, connection)
                    case .sendAndClose(let text):
                        write(text, connection)
                        return end(connection, shared)
                    case .sendAndHang(let text):
                        write(text, connection)
                        // Until the client or the server ends.
                        while receive(connection, &bytes) {}
                        return end(connection, shared)
                    case nil: return end(connection, shared)
                    }
                }
                end(connection, shared)
            }
        if !isStarted { close(connection) }
    }

    private static func end(_ connection: Int32, _ shared: Shared) {
        shared.state.withLock { state in
            state.sockets.removeAll { $0 == connection }
            close(connection)
        }
    }

    /// The next whole request; `nil` when the connection ends before.
    private static func read(_ connection: Int32, _ bytes: inout [UInt8]) -> Request? {
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let length = Request(head: head, body: []).header("content-length").flatMap { Int($0) } ?? 0
                if bytes.count >= end.upperBound + length {
                    let body = Array(bytes[end.upperBound..<end.upperBound + length])
                    bytes.removeFirst(end.upperBound + length)
                    return Request(head: head, body: body)
                }
            }
            guard receive(connection, &bytes) else { return nil }
        }
    }

    private static func receive(_ connection: Int32, _ bytes: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        bytes += buffer[..<count]
        return true
    }

    private static func write(_ text: String, _ connection: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
