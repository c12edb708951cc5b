import CareSyncCore
import Foundation
import Synchronization

/// The state behind one run of the encoder: the text so far and the containers that are open in it.
///
/// The `Encoder` protocols never say when a container is finished, so one stays open until the value it belongs to is
/// complete or until the container around it is used again. Every container and encoder handed out is a `Place`: an index
/// into the frames and the serial number of the frame it stands for. Use in sequence, also of several nested containers
/// one after the other, is right by construction; use of a container after its successor was opened is refused.
final class JSONEncoding {
    struct Place {
        let index: Int
        let serial: Int
        static let nowhere = Place(index: -1, serial: -1)
    }

    enum Kind { case object, list, slot }

    private struct Frame {
        let serial: Int
        let kind: Kind
        /// Elements of a list; 1 once a slot has its value.
        var count = 0
    }

    private static let maximumDepth = 512

    var writer: JSONWriter
    /// How much memory the text before this one would have needed: requests resemble each other, and growing copies.
    private static let usual = Atomic<Int>(2_048)
    private var frames: [Frame] = []
    private var lastSerial = 0
    /// The first refusal; kept, because half of the protocols' methods cannot throw and a type may swallow an error.
    private var failure: (any Error)?

    init() {
        writer = JSONWriter(capacity: Self.usual.load(ordering: .relaxed))
        frames.reserveCapacity(16)
    }

    /// Writes the one top-level value.
    func root(_ value: some Encodable) throws {
        try encode(value)
        if let failure { throw failure }
        Self.usual.store(min(max(writer.count + writer.count / 8, 2_048), 65_536), ordering: .relaxed)
    }

    // MARK: Values

    /// Writes a value where one is due. The types of every response are compared first, as a comparison of metatypes costs
    /// a nanosecond and a round trip through `encode(to:)` thirty.
    func encode<Value: Encodable>(_ value: Value) throws {
        if Value.self == String.self { return writer.text(unsafeBitCast(value, to: String.self)) }
        if Value.self == Int64.self { return writer.integer(unsafeBitCast(value, to: Int64.self)) }
        if Value.self == Int.self { return writer.integer(unsafeBitCast(value, to: Int.self)) }
        if Value.self == Money.self { return writer.money(unsafeBitCast(value, to: Money.self)) }
        if Value.self == Decimal.self { return try decimal(unsafeBitCast(value, to: Decimal.self)) }
        if Value.self == [String].self { return texts(unsafeBitCast(value, to: [String].self)) }
        let place = push(.slot)
        do {
            try value.encode(to: JSONValueEncoder(encoding: self, place: place))
        } catch {
            throw refuse(error)
        }
        try finish(place, Value.self)
    }

    private func texts(_ values: [String]) {
        writer.byte(UInt8(ascii: "["))
        for value in values {
            if writer.last != UInt8(ascii: "[") { writer.byte(UInt8(ascii: ",")) }
            writer.text(value)
        }
        writer.byte(UInt8(ascii: "]"))
    }

    func double(_ value: Double) throws {
        guard value.isFinite else { throw refuse("JSON has no number for \(value).", value) }
        if !writer.shortDecimal(value) { writer.verbatim(value.description) }
    }

    func float(_ value: Float) throws {
        guard value.isFinite else { throw refuse("JSON has no number for \(value).", value) }
        writer.verbatim(value.description)
    }

    private func decimal(_ value: Decimal) throws {
        guard value.isFinite else { throw refuse("JSON has no number for \(value).", value) }
        writer.verbatim(value.description)
    }

    // MARK: Positions

    /// Makes an object the innermost open container and writes the key of its next member.
    func member(_ key: String, of place: Place) throws {
        try resume(place)
        if writer.last != UInt8(ascii: "{") { writer.byte(UInt8(ascii: ",")) }
        writer.key(key)
    }

    /// Makes a list the innermost open container, ready for its next element.
    func element(of place: Place) throws {
        try resume(place)
        if writer.last != UInt8(ascii: "[") { writer.byte(UInt8(ascii: ",")) }
        frames[place.index].count += 1
    }

    /// Claims a slot for a single value.
    func fill(_ place: Place) throws {
        guard frames.count == place.index + 1, frames[place.index].serial == place.serial,
            frames[place.index].count == 0
        else { throw refuse("A second value is encoded where one is due.") }
        frames[place.index].count = 1
    }

    func count(of place: Place) -> Int {
        isOpen(place) ? frames[place.index].count : 0
    }

    /// Opens the container of a slot, or returns to it when the slot has one of this kind already, which is how a type
    /// adds its members to those of a value inside it.
    func open(_ kind: Kind, in slot: Place) -> Place {
        guard isOpen(slot) else { return refused("A container is opened after its value was complete.") }
        if frames[slot.index].count == 0 {
            frames[slot.index].count = 1
            return begin(kind)
        }
        let inner = slot.index + 1
        guard inner < frames.count, frames[inner].kind == kind else {
            return refused("A container is opened where a value of another kind stands.")
        }
        close(to: inner + 1)
        return Place(index: inner, serial: frames[inner].serial)
    }

    /// Opens a container as the next member of an object.
    func open(_ kind: Kind, key: String, of place: Place) -> Place {
        do { try member(key, of: place) } catch { return .nowhere }
        return begin(kind)
    }

    /// Opens a container as the next element of a list.
    func openElement(_ kind: Kind, of place: Place) -> Place {
        do { try element(of: place) } catch { return .nowhere }
        return begin(kind)
    }

    private func begin(_ kind: Kind) -> Place {
        switch kind {
        case .object: writer.byte(UInt8(ascii: "{"))
        case .list: writer.byte(UInt8(ascii: "["))
        case .slot: break
        }
        return push(kind)
    }

    // MARK: Frames

    private func isOpen(_ place: Place) -> Bool {
        frames.indices.contains(place.index) && frames[place.index].serial == place.serial
    }

    @inline(__always)
    private func resume(_ place: Place) throws {
        if frames.count == place.index + 1, frames[place.index].serial == place.serial { return }
        guard isOpen(place) else { throw refuse("A container is used after a later one was opened beside it.") }
        close(to: place.index + 1)
    }

    private func push(_ kind: Kind) -> Place {
        guard frames.count < Self.maximumDepth else {
            return refused("The value is nested deeper than \(Self.maximumDepth / 2) levels.")
        }
        lastSerial += 1
        frames.append(Frame(serial: lastSerial, kind: kind))
        return Place(index: frames.count - 1, serial: lastSerial)
    }

    private func finish<Value>(_ place: Place, _ type: Value.Type) throws {
        if let failure { throw failure }
        guard isOpen(place), frames[place.index].count == 1 else { throw refuse("\(type) did not encode a value.") }
        close(to: place.index)
    }

    private func close(to depth: Int) {
        while frames.count > depth, let frame = frames.popLast() {
            switch frame.kind {
            case .object: writer.byte(UInt8(ascii: "}"))
            case .list: writer.byte(UInt8(ascii: "]"))
            case .slot: if frame.count == 0 { writer.verbatim("{}") }
            }
        }
    }

    // MARK: Refusals

    private func refused(_ reason: String) -> Place {
        _ = refuse(reason)
        return .nowhere
    }

    private func refuse(_ reason: String, _ value: Any = ()) -> any Error {
        refuse(EncodingError.invalidValue(value, .init(codingPath: [], debugDescription: reason)))
    }

    private func refuse(_ error: any Error) -> any Error {
        failure = failure ?? error
        return failure ?? error
    }
}
