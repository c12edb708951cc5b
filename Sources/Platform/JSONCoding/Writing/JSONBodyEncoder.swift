/// Encodes values as JSON text: every field is present, `null` when it has no value; numbers are numbers.
///
/// `Documentation/decisions/0002-json.md` says why this is not Foundation's encoder. Two differences a caller may notice:
/// members appear in the order they are encoded in, and a type that encodes one key twice gets it twice.
package enum JSONBodyEncoder {
    /// - Throws: `EncodingError` for a number that is not finite and for containers that are used out of sequence; and
    ///   whatever the value's own `encode(to:)` throws.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        try withEncoded(value) { [UInt8]($0) }
    }

    /// Lends the text to `body`, which copies it to where it belongs.
    package static func withEncoded<Result>(
        _ value: some Encodable, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws -> Result {
        let encoding = JSONEncoding()
        try encoding.root(value)
        return encoding.writer.withBytes(body)
    }
}
