import CPostgres
import CareSyncCore
import Persistence

/// The parameters of one execution as libpq wants them. One object per connection, so its memory is reused.
final class PostgresParameters {
    private var storage: [UInt8] = []
    private var offsets: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var pointers: [UnsafePointer<CChar>?] = []

    /// The protocol counts parameters in 16 bits.
    static let most = 65_535

    /// The type a value is declared as; `inferred` lets the server decide from where the parameter stands.
    static func type(of value: SQLValue) -> Oid {
        switch value {
        case .null, .integer, .text, .integers, .texts: PostgresType.inferred
        // Beside a whole number an undeclared parameter would become one, and refuse the fraction.
        case .double: PostgresType.float8
        case .boolean: PostgresType.bool
        case .bytes: PostgresType.bytea
        case .instant: PostgresType.timestamptz
        case .date: PostgresType.date
        }
    }

    /// Throws what must not be sent: text would end at a NUL on its way, and SQLite has no number that is not one.
    static func check(_ values: [SQLValue]) throws(DatabaseFailure) {
        guard values.count <= most else { throw .other(code: "54023") }
        for value in values {
            switch value {
            case .text(let text): try check(text)
            case .texts(let texts): for text in texts { try check(text) }
            case .double(let number): if number.isNaN { throw .other(code: "not a number") }
            default: break
            }
        }
    }

    private static func check(_ text: String) throws(DatabaseFailure) {
        if text.utf8.contains(0) { throw .other(code: "nul in text") }
    }

    func encode(_ values: [SQLValue]) {
        storage.removeAll(keepingCapacity: storage.capacity <= 65_536)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        for value in values {
            let start = storage.count
            let isBinary = append(value)
            if case .null = value { offsets.append(-1) } else { offsets.append(start) }
            lengths.append(Int32(storage.count - start))
            formats.append(isBinary ? 1 : 0)
            if !isBinary { storage.append(0) }
        }
    }

    /// Hands over count, values, lengths and formats; the pointers are valid only while `body` runs.
    func withPointers(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Int32
    ) -> Int32 {
        guard !offsets.isEmpty else { return body(0, nil, nil, nil) }
        // A bytea of no bytes needs an address too, or it would be null.
        if storage.isEmpty { storage.append(0) }
        return storage.withUnsafeBytes { bytes in
            pointers.removeAll(keepingCapacity: true)
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            for offset in offsets { pointers.append(offset < 0 ? nil : base?.advanced(by: offset)) }
            return body(Int32(offsets.count), pointers, lengths, formats)
        }
    }

    /// Adds a value's bytes; whether they are in binary form.
    private func append(_ value: SQLValue) -> Bool {
        switch value {
        case .null: break
        case .integer(let number): appendText("\(number)")
        case .text(let text): appendText(text)
        case .boolean(let flag): storage.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
        case .integers(let numbers): appendArray(numbers) { appendText("\($0)") }
        case .texts(let texts): appendArray(texts, appendQuoted)
        case .double(let number): return appendBinary(number.bitPattern)
        case .bytes(let bytes):
            storage.append(contentsOf: bytes)
            return true
        case .instant(let instant): return appendBinary(instant.microseconds &- PostgresEpoch.microseconds)
        case .date(let date): return appendBinary(Int32(Int64(date.daysSinceEpoch) - PostgresEpoch.days))
        }
        return false
    }

    private func appendText(_ text: String) {
        storage.append(contentsOf: text.utf8)
    }

    private func appendBinary(_ number: some FixedWidthInteger) -> Bool {
        withUnsafeBytes(of: number.bigEndian) { storage.append(contentsOf: $0) }
        return true
    }

    private func appendArray<Element>(_ elements: [Element], _ append: (Element) -> Void) {
        storage.append(UInt8(ascii: "{"))
        for (index, element) in elements.enumerated() {
            if index > 0 { storage.append(UInt8(ascii: ",")) }
            append(element)
        }
        storage.append(UInt8(ascii: "}"))
    }

    private func appendQuoted(_ text: String) {
        storage.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { storage.append(UInt8(ascii: "\\")) }
            storage.append(byte)
        }
        storage.append(UInt8(ascii: "\""))
    }
}
