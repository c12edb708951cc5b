import CareSyncCore

/// A body byte for byte as it came, of any content type: for senders who sign it. The endpoint's body limit holds; nothing
/// of it is read before the handler has judged the signature. Without a body there are no bytes.
package struct RawBody: Decodable, Sendable {
    package let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Bytes never come as JSON.
    package init(from decoder: any Decoder) throws {
        throw InvalidValue("must be a body of its own")
    }
}
