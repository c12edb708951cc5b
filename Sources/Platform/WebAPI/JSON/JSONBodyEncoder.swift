package import NIOCore

/// Encodes values as JSON text (RULINGS A6): every field is present, `null` when it has no value; numbers are numbers.
///
/// `Documentation/decisions/0002-json.md` says why this is not Foundation's encoder. Two differences a caller may notice:
/// members appear in the order they are encoded in, and a type that encodes one key twice gets it twice.
package enum JSONBodyEncoder {
    /// - Throws: `EncodingError` for a number that is not finite and for containers that are used out of sequence; and
    ///   whatever the value's own `encode(to:)` throws.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoding = JSONEncoding()
        try encoding.root(value)
        return encoding.writer.withBytes { [UInt8]($0) }
    }

    /// The same text by way of the value's own `encode(to:)`, whatever is known of its type.
    static func encodedByItself(_ value: some Encodable) throws -> [UInt8] {
        let encoding = JSONEncoding()
        try encoding.encode(value)
        return encoding.writer.withBytes { [UInt8]($0) }
    }

    /// Appends the text to a buffer; the bytes are copied once.
    package static func encode(_ value: some Encodable, into buffer: inout ByteBuffer) throws {
        let encoding = JSONEncoding()
        try encoding.root(value)
        _ = encoding.writer.withBytes { buffer.writeBytes($0) }
    }
}
