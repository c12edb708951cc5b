extension JSONScanner {
    /// Reads up to the closing quote and answers whether there are escapes.
    mutating func textBody() throws(Fault) -> Bool {
        var escaped = false
        while true {
            skipPlainWords()
            guard position < bytes.count else { throw fault("ends too early") }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                return escaped
            case UInt8(ascii: "\\"):
                escaped = true
                try escape()
            case 0:
                throw fault("has the character U+0000")
            case 0..<0x20:
                throw fault("has a control character in a text")
            case 0x20..<0x80:
                position += 1
            default:
                guard let length = JSONBytes.multibyteLength(in: bytes, at: position) else {
                    throw fault("is not valid UTF-8")
                }
                position += length
            }
        }
    }

    private mutating func skipPlainWords() {
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return }
        while position + 8 <= bytes.count {
            let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            if JSONBytes.needsEscape(word) || !JSONBytes.isASCII(word) { return }
            position += 8
        }
    }

    private mutating func escape() throws(Fault) {
        let start = position
        position += 1
        guard position < bytes.count else { throw fault("ends too early") }
        let kind = bytes[position]
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if unit == 0 { throw fault("has the character U+0000", at: start) }
            guard unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw fault("has half of a surrogate pair", at: start) }
            position += 2
            guard try codeUnit() & 0xFC00 == 0xDC00 else { throw fault("has half of a surrogate pair", at: start) }
        default:
            throw fault("has an unknown escape", at: start)
        }
    }

    private mutating func codeUnit() throws(Fault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw fault("ends too early") }
            guard let digit = JSONBytes.hexValue(bytes[position]) else { throw fault("has an unknown escape") }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }
}

/// The characters of a text the scanner has accepted.
enum JSONText {
    static func string(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, escaped: Bool) -> String {
        let source = UnsafeBufferPointer(rebasing: bytes[range])
        if !escaped { return String(decoding: source, as: UTF8.self) }
        return String(decoding: unescaped(source), as: UTF8.self)
    }

    static func unescaped(_ source: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            let byte = source[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < source.count else {
                result.append(byte)
                continue
            }
            let kind = source[index]
            index += 1
            switch kind {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"): append(scalar(source, &index), to: &result)
            default: result.append(kind)
            }
        }
        return result
    }

    private static func scalar(_ source: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Unicode.Scalar {
        let first = codeUnit(source, &index)
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        index += 2
        let second = codeUnit(source, &index)
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) ?? "\u{FFFD}"
    }

    private static func codeUnit(_ source: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 where index < source.count {
            unit = unit << 4 | (JSONBytes.hexValue(source[index]) ?? 0)
            index += 1
        }
        return unit
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
