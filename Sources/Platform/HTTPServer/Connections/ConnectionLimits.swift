package import NIOCore

/// Bounds of a connection.
package struct ConnectionLimits: Sendable {
    /// How long a connection may be silent, unless an answer is being made; and how long a client may take none of the
    /// answer that waits for it.
    package var idleTime: TimeAmount
    /// How long a request may take to arrive, the first one from the connection's start on, and a second more for each KiB
    /// of its body. Slower clients are cut off: with a byte now and then they would keep connections from others.
    package var arrivalTime: TimeAmount
    /// How long a connection may wait for a request before it is closed to make room for others.
    package var newcomerTime: TimeAmount
    /// Bytes of one header field, of all of them, and their number; more is 431.
    package var fieldSize: Int
    package var headerSize: Int
    package var fieldCount: Int

    /// Bytes waiting to be parsed. A legitimate client has at most a partial head there, which ``headerSize`` bounds.
    static let undecodedBytes = 128 << 10

    package init(
        idleTime: TimeAmount = .seconds(75), arrivalTime: TimeAmount = .seconds(30),
        newcomerTime: TimeAmount = .milliseconds(500), fieldSize: Int = 16 << 10, headerSize: Int = 32 << 10,
        fieldCount: Int = 100
    ) {
        self.idleTime = idleTime
        self.arrivalTime = arrivalTime
        self.newcomerTime = newcomerTime
        self.fieldSize = fieldSize
        self.headerSize = headerSize
        self.fieldCount = fieldCount
    }
}
