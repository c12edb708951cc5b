import Foundation

/// An address that accepts connections and takes nothing that is sent to it.
package final class SilentListener: Sendable {
    package let port: Int
    private let listener: Int32

    package var address: String { "http://127.0.0.1:\(port)" }

    package init() throws {
        (listener, port) = try LoopbackSocket.listening()
    }

    deinit { close(listener) }
}

/// Sockets that listen on a free port of this machine.
enum LoopbackSocket {
    static func listening() throws -> (descriptor: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        guard isListening else { throw LiveServer.Failure(description: "No socket: \(errno)") }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }
}
