import NIOCore

/// The XML that stores answer with: elements and text. What they never send is refused: document types, instructions,
/// comments, marked sections. Depth and number of elements have bounds.
struct XMLText {
    struct Mistake: Error {}

    struct Element {
        let name: String
        var text = ""
        var children: [Element] = []

        /// The text of the first child of this name.
        func text(of name: String) -> String? { children.first { $0.name == name }?.text }
    }

    private static let deepest = 8
    private static let mostElements = 20_000

    private let bytes: [UInt8]
    private var position = 0
    private var count = 0

    static func parse(_ bytes: ByteBuffer) throws -> Element {
        var parser = XMLText(bytes: Array(bytes.readableBytesView))
        return try parser.document()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func document() throws -> Element {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if take("<?xml ") { _ = try text(until: "?>") }
        skipBlanks()
        let root = try element(depth: 1)
        skipBlanks()
        guard position == bytes.count else { throw Mistake() }
        return root
    }

    private mutating func element(depth: Int) throws -> Element {
        count += 1
        guard depth <= Self.deepest, count <= Self.mostElements, take("<") else { throw Mistake() }
        var element = Element(name: try name())
        if try isClosedByAttributes() { return element }
        while !take("</") {
            guard let byte = current else { throw Mistake() }
            if byte == UInt8(ascii: "<") {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                element.text += try characters()
            }
        }
        guard take(element.name) else { throw Mistake() }
        skipBlanks()
        guard take(">") else { throw Mistake() }
        return element
    }

    /// Reads to the end of a start tag; whether it ends the element, too.
    private mutating func isClosedByAttributes() throws -> Bool {
        while true {
            skipBlanks()
            if take("/>") { return true }
            if take(">") { return false }
            _ = try name()
            skipBlanks()
            guard take("=") else { throw Mistake() }
            skipBlanks()
            if take("\"") {
                _ = try text(until: "\"")
            } else if take("'") {
                _ = try text(until: "'")
            } else {
                throw Mistake()
            }
        }
    }

    private mutating func name() throws -> String {
        let start = position
        while let byte = current, Self.isNameByte(byte) { position += 1 }
        guard position > start else { throw Mistake() }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Text up to the next tag.
    private mutating func characters() throws -> String {
        var text = ""
        var start = position
        while let byte = current, byte != UInt8(ascii: "<") {
            guard byte == UInt8(ascii: "&") else {
                position += 1
                continue
            }
            text += try valid(start..<position)
            position += 1
            text.unicodeScalars.append(try reference())
            start = position
        }
        return text + (try valid(start..<position))
    }

    private mutating func reference() throws -> Unicode.Scalar {
        let name = try text(until: ";")
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#"), name.utf8.count <= 9 else { throw Mistake() }
            let isHex = name.hasPrefix("#x")
            guard let number = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
                let scalar = Unicode.Scalar(number)
            else { throw Mistake() }
            return scalar
        }
    }

    /// What stands before an end, which is skipped.
    private mutating func text(until end: String) throws -> String {
        let start = position
        while position < bytes.count {
            let stop = position
            if take(end) { return try valid(start..<stop) }
            guard bytes[position] != UInt8(ascii: "<") else { throw Mistake() }
            position += 1
        }
        throw Mistake()
    }

    private func valid(_ range: Range<Int>) throws -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else { throw Mistake() }
        return text
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    private mutating func skipBlanks() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
