import CareSyncCore

/// What a value of some type looks like in memory, and how it is written from there.
///
/// `encode(to:)` sends each member through a container that the compiler cannot see through, which costs several times
/// what the bytes do. A synthesised `encode(to:)` can do one thing only, so what it does is found out once per type
/// (``JSONForms``) and done without it from then on.
final class JSONForm: @unchecked Sendable {
    // Safe: nothing changes after `init`, and the closures of `other` capture types and other forms only.
    enum Kind {
        case text, optionalText
        case flag
        /// `Int64`; and `Int` and `ID`, which look the same.
        case integer, optionalInteger
        case money, optionalMoney
        case double
        case object
        /// Whatever has no case of its own.
        case other
    }

    /// A stored property. Plain bytes, so that going through the members of a value counts no references.
    struct Member {
        /// `{"first":` or `,"next":`.
        let prefix: JSONPrefix
        /// From the start of the value around it, in bytes.
        let offset: Int
        let kind: Kind
        /// Kept alive by ``JSONForm/parts``.
        let form: Unmanaged<JSONForm>
    }

    typealias Write = (_ value: UnsafeRawPointer, _ encoding: JSONEncoding) throws -> Void

    let kind: Kind
    private let members: [Member]
    private let parts: [JSONForm]
    private let other: Write?

    init(_ kind: Kind) {
        self.kind = kind
        members = []
        parts = []
        other = nil
    }

    init(_ write: @escaping Write) {
        kind = .other
        members = []
        parts = []
        other = write
    }

    /// An object of at least one member: name, offset and form of each.
    init(_ properties: [(name: String, offset: Int, form: JSONForm)]) {
        kind = .object
        parts = properties.map(\.form)
        members = properties.enumerated().map { index, property in
            let prefix = JSONPrefix("\(index == 0 ? "{" : ",")\"\(property.name)\":")
            return Member(
                prefix: prefix, offset: property.offset, kind: property.form.kind,
                form: .passUnretained(property.form))
        }
        other = nil
    }

    /// Writes the value of this form that begins at an address.
    func write(_ value: UnsafeRawPointer, to encoding: JSONEncoding) throws {
        switch kind {
        case .object: try writeMembers(of: value, to: encoding)
        case .other: try other?(value, encoding)
        default: try Self.write(kind, value, to: encoding)
        }
    }

    private func writeMembers(of value: UnsafeRawPointer, to encoding: JSONEncoding) throws {
        try members.withUnsafeBufferPointer { members in
            for member in members {
                encoding.writer.prefix(member.prefix)
                switch member.kind {
                case .object, .other:
                    try member.form._withUnsafeGuaranteedRef { try $0.write(value + member.offset, to: encoding) }
                default: try Self.write(member.kind, value + member.offset, to: encoding)
                }
            }
        }
        encoding.writer.byte(UInt8(ascii: "}"))
    }

    @inline(__always)
    private static func write(_ kind: Kind, _ value: UnsafeRawPointer, to encoding: JSONEncoding) throws {
        switch kind {
        case .text: value.borrowed(String.self).pointee.write(to: encoding)
        case .optionalText: value.borrowed(String?.self).pointee.write(to: encoding)
        case .flag: encoding.writer.bool(read(value))
        case .integer: encoding.writer.integer(read(value) as Int64)
        case .optionalInteger:
            if let number: Int64 = read(value) { encoding.writer.integer(number) } else { encoding.writer.null() }
        case .money: encoding.writer.money(read(value))
        case .optionalMoney:
            if let money: Money = read(value) { encoding.writer.money(money) } else { encoding.writer.null() }
        case .double: try encoding.double(read(value))
        case .object, .other: break
        }
    }

    @inline(__always)
    private static func read<Value>(_ value: UnsafeRawPointer) -> Value {
        value.assumingMemoryBound(to: Value.self).pointee
    }
}

/// A value looked at where it lies. It cannot be copied, so looking counts no references, which threads that write the same
/// answer would fight over.
struct Borrowed<Value>: ~Copyable {
    let value: Value
}

extension UnsafeRawPointer {
    @inline(__always)
    func borrowed<Value>(_: Value.Type) -> UnsafePointer<Borrowed<Value>> {
        assumingMemoryBound(to: Borrowed<Value>.self)
    }
}

extension Borrowed<String> {
    @inline(__always)
    borrowing func write(to encoding: JSONEncoding) { encoding.writer.text(value) }
}

extension Borrowed<String?> {
    @inline(__always)
    borrowing func write(to encoding: JSONEncoding) {
        if let value { encoding.writer.text(value) } else { encoding.writer.null() }
    }
}

extension Borrowed {
    /// Writes a list whose elements have the given form.
    borrowing func write<Element>(each form: JSONForm, to encoding: JSONEncoding) throws where Value == [Element] {
        encoding.writer.byte(UInt8(ascii: "["))
        try value.withUnsafeBufferPointer { elements in
            guard let first = elements.baseAddress else { return }
            for index in 0..<elements.count {
                if index > 0 { encoding.writer.byte(UInt8(ascii: ",")) }
                try form.write(UnsafeRawPointer(first + index), to: encoding)
            }
        }
        encoding.writer.byte(UInt8(ascii: "]"))
    }
}

/// The bytes before a member's value, in whole words, so that they are copied without a loop over bytes. Never freed: there
/// is one per member of a response type.
struct JSONPrefix: @unchecked Sendable {
    // Safe: the memory is written here and only read afterwards.
    let words: UnsafePointer<UInt64>
    let count: Int

    init(_ text: String) {
        count = text.utf8.count
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: (count + 7) / 8)
        memory.initialize(repeating: 0, count: (count + 7) / 8)
        UnsafeMutableRawPointer(memory).copyMemory(from: Array(text.utf8), byteCount: count)
        words = UnsafePointer(memory)
    }
}
