import CareSyncCore
@_spi(Reflection) import Swift
import Synchronization

/// The forms of types, each found once.
///
/// A form is taken from the memory layout of a response type, and believed only if it writes a sample of the type exactly as
/// `encode(to:)` does. A type with coding of its own therefore keeps it.
enum JSONForms {
    private static let known = Mutex<[ObjectIdentifier: JSONForm?]>([:])

    /// `nil` for a type that has to be encoded by itself.
    static func form<Value>(of type: Value.Type) -> JSONForm? {
        let key = ObjectIdentifier(type)
        if let form = known.withLock({ $0[key] }) { return form }
        // Until it is found a type counts as one without a form: members ask on the way, and a type may hold itself.
        known.withLock { $0[key] = .some(nil) }
        let form = find(type)
        known.withLock { $0[key] = .some(form) }
        return form
    }

    private static func find(_ type: Any.Type) -> JSONForm? {
        if let scalar = type as? any JSONScalar.Type { return scalar.jsonForm }
        if let container = type as? any JSONContainer.Type { return container.jsonForm }
        if let enumeration = type as? any (RawRepresentable<String> & Encodable).Type { return raw(enumeration) }
        if let response = type as? any WireValue.Type { return object(response) }
        return nil
    }

    private static func raw<Value: RawRepresentable<String>>(_: Value.Type) -> JSONForm {
        JSONForm { $1.writer.text($0.assumingMemoryBound(to: Value.self).pointee.rawValue) }
    }

    // MARK: Objects

    private static func object<Value: WireValue>(_ type: Value.Type) -> JSONForm? {
        guard let sample = try? SchemaRecorder.record(type, enclosing: []).sample, let members = members(of: type),
            let byItself = try? JSONBodyEncoder.encodedByItself(sample)
        else { return nil }
        let form = JSONForm(members)
        let encoding = JSONEncoding()
        guard (try? withUnsafePointer(to: sample) { try form.write($0, to: encoding) }) != nil else { return nil }
        return encoding.writer.withBytes { $0.elementsEqual(byItself) } ? form : nil
    }

    /// The stored properties in the order of their declaration; `nil` if there is none, or one that cannot be encoded.
    private static func members(of type: Any.Type) -> [(name: String, offset: Int, form: JSONForm)]? {
        var members: [(name: String, offset: Int, form: JSONForm)] = []
        let isWhole = _forEachField(of: type) { name, offset, type, _ in
            guard let form = form(of: type) ?? byItself(type) else { return false }
            members.append((String(cString: name), offset, form))
            return true
        }
        return isWhole && !members.isEmpty ? members : nil
    }

    private static func byItself(_ type: Any.Type) -> JSONForm? {
        (type as? any Encodable.Type).map { encoded($0) }
    }

    private static func encoded<Value: Encodable>(_: Value.Type) -> JSONForm {
        JSONForm { try $1.encode($0.assumingMemoryBound(to: Value.self).pointee) }
    }
}

/// A type whose values are one number, text or flag.
protocol JSONScalar {
    static var jsonForm: JSONForm { get }
}

extension String: JSONScalar { static var jsonForm: JSONForm { JSONForm(.text) } }
extension Bool: JSONScalar { static var jsonForm: JSONForm { JSONForm(.flag) } }
extension Int: JSONScalar { static var jsonForm: JSONForm { JSONForm(.integer) } }
extension Int64: JSONScalar { static var jsonForm: JSONForm { JSONForm(.integer) } }
extension Double: JSONScalar { static var jsonForm: JSONForm { JSONForm(.double) } }
extension Money: JSONScalar { static var jsonForm: JSONForm { JSONForm(.money) } }
/// An id is its number, and nothing else.
extension ID: JSONScalar { static var jsonForm: JSONForm { JSONForm(.integer) } }
extension LocalDate: JSONScalar { static var jsonForm: JSONForm { .described(Self.self) } }
extension LocalTime: JSONScalar { static var jsonForm: JSONForm { .described(Self.self) } }
extension LocalDateTime: JSONScalar { static var jsonForm: JSONForm { .described(Self.self) } }
extension Instant: JSONScalar { static var jsonForm: JSONForm { .described(Self.self) } }

extension JSONForm {
    fileprivate static func described<Value: CustomStringConvertible>(_: Value.Type) -> JSONForm {
        JSONForm { $1.writer.text($0.assumingMemoryBound(to: Value.self).pointee.description) }
    }
}

/// A type whose values hold others.
protocol JSONContainer {
    static var jsonForm: JSONForm? { get }
}

extension Optional: JSONContainer {
    static var jsonForm: JSONForm? {
        guard let inner = JSONForms.form(of: Wrapped.self) else { return nil }
        switch inner.kind {
        case .text: return JSONForm(.optionalText)
        case .integer: return JSONForm(.optionalInteger)
        case .money: return JSONForm(.optionalMoney)
        default:
            return JSONForm { value, encoding in
                // What an optional holds begins where the optional does.
                if case .some = value.assumingMemoryBound(to: Wrapped?.self).pointee {
                    try inner.write(value, to: encoding)
                } else {
                    encoding.writer.null()
                }
            }
        }
    }
}

extension Array: JSONContainer {
    static var jsonForm: JSONForm? {
        guard let inner = JSONForms.form(of: Element.self) else { return nil }
        return JSONForm { try $0.borrowed(Self.self).pointee.write(each: inner, to: $1) }
    }
}
