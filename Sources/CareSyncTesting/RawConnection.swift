import Foundation

/// A TCP connection to this machine on which tests write what no HTTP client would.
package final class RawConnection: Sendable {
    private let descriptor: Int32

    package struct Failure: Error {
        package let code: Int32
    }

    /// - Parameter source: an address of this machine to come from, such as 127.0.0.2; `receiveBuffer` bounds what the
    ///   system takes in before anybody reads.
    package init(port: Int, from source: String? = nil, receiveBuffer: Int? = nil) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        if let receiveBuffer {
            var size = Int32(receiveBuffer)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        if let source { try Self.bind(descriptor, to: source) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let code = errno
            close(descriptor)
            throw Failure(code: code)
        }
        // A server that never answers fails the test instead of blocking it forever.
        var limit = timeval(tv_sec: 100, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        self.descriptor = descriptor
    }

    private static func bind(_ descriptor: Int32, to source: String) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(source)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let code = errno
            close(descriptor)
            throw Failure(code: code)
        }
    }

    deinit { close(descriptor) }

    package func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Tells the server that nothing follows.
    package func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Everything until the server closes.
    package func readToEnd() async -> String {
        await onThread { [descriptor] in
            var bytes: [UInt8] = []
            while let chunk = Self.read(descriptor) { bytes += chunk }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// What has arrived once `mark` is in it, or when the server has closed.
    package func read(until mark: String) async -> String {
        await onThread { [descriptor] in
            var bytes: [UInt8] = []
            while !String(decoding: bytes, as: UTF8.self).contains(mark), let chunk = Self.read(descriptor) {
                bytes += chunk
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Everything until the server ends the connection, and whether it broke off.
    package func readToEndOrReset() async -> (text: String, isReset: Bool) {
        await onThread { [descriptor] in
            var bytes: [UInt8] = []
            while let chunk = Self.read(descriptor) { bytes += chunk }
            return (String(decoding: bytes, as: UTF8.self), errno == ECONNRESET)
        }
    }

    /// How many bytes come until the server closes, when they are read with pauses.
    package func count(pausing pause: Duration, every bytes: Int) async -> Int {
        await onThread { [descriptor] in
            let nanoseconds = pause.components.attoseconds / 1_000_000_000
            var (total, sincePause) = (0, 0)
            while let chunk = Self.read(descriptor) {
                total += chunk.count
                sincePause += chunk.count
                guard sincePause >= bytes else { continue }
                sincePause = 0
                var time = timespec(tv_sec: 0, tv_nsec: Int(nanoseconds))
                nanosleep(&time, nil)
            }
            return total
        }
    }

    package static func parse(_ answer: String) -> (status: Int, body: String) {
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let status = parts.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (status, parts.count > 1 ? String(parts[1]) : "")
    }

    private static func read(_ descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        errno = 0
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : nil
    }
}

/// Runs blocking work on a thread of its own, so that it never holds one of the few that tests share.
package func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: work()) }
    }
}
