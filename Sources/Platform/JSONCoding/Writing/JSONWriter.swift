import CareSyncCore

/// Appends JSON tokens to memory of its own. It knows nothing of containers: commas and nesting are `JSONEncoding`'s.
///
/// Raw memory, because the bounds checks, reference counts and exclusivity checks of an array that lives in a class cost
/// more than the bytes they guard. The pointers never leave this type.
struct JSONWriter: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 2048) {
        self.capacity = max(capacity, 64)
        base = .allocate(capacity: self.capacity)
    }

    deinit {
        base.deallocate()
    }

    borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The byte written last; 0 before the first. Strings end in a quote, so `{` and `[` always mean 'just opened'.
    var last: UInt8 {
        @inline(__always) get { count == 0 ? 0 : base[count - 1] }
    }

    @inline(__always)
    private mutating func reserve(_ extra: Int) {
        if extra > capacity - count { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        let wanted = max(capacity * 2, count + extra)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = wanted
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    /// Text that is known to need no quotes and no escapes, such as a number.
    mutating func verbatim(_ text: String) {
        var text = text
        text.withUTF8 { source in
            guard let start = source.baseAddress else { return }
            reserve(source.count)
            (base + count).update(from: start, count: source.count)
            count += source.count
        }
    }
}

// MARK: - Strings

extension JSONWriter {
    /// Writes a string in quotes. Runs without a character to escape are copied eight bytes at a time.
    mutating func text(_ text: String) {
        // Whatever has its bytes in one place is read there, without a copy of the string to be mutable.
        if text.utf8.withContiguousStorageIfAvailable({ quoted($0) }) != nil { return }
        var text = text
        text.withUTF8 { quoted($0) }
    }

    /// Writes `"key":`.
    mutating func key(_ key: String) {
        text(key)
        byte(UInt8(ascii: ":"))
    }

    @inline(__always)
    private mutating func quoted(_ source: UnsafeBufferPointer<UInt8>) {
        reserve(source.count + 2)
        base[count] = UInt8(ascii: "\"")
        let target = base + count + 1
        var done = 0
        if let start = source.baseAddress {
            done = Self.copyPlain(from: start, to: target, count: source.count)
            if done < source.count {
                count += 1 + done
                escaping(source, from: done)
                return
            }
        }
        target[done] = UInt8(ascii: "\"")
        count += done + 2
    }

    /// Copies eight bytes unless one of them needs an escape.
    @inline(__always)
    private static func copyWord(from source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) -> Bool {
        let word = UnsafeRawPointer(source).loadUnaligned(as: UInt64.self)
        if JSONBytes.needsEscape(word) { return false }
        UnsafeMutableRawPointer(target).storeBytes(of: word, as: UInt64.self)
        return true
    }

    /// Copies up to the first byte to escape; answers how many were copied.
    @inline(__always)
    private static func copyPlain(
        from source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int
    ) -> Int {
        var done = 0
        while done + 8 <= count, copyWord(from: source + done, to: target + done) { done += 8 }
        // What is left is copied with the bytes before it once more, or in two halves that overlap.
        if count >= 8 {
            if done + 8 > count, copyWord(from: source + count - 8, to: target + count - 8) { return count }
        } else if count >= 4 {
            let (start, end) = (UnsafeRawPointer(source), UnsafeRawPointer(source + count - 4))
            let (first, last) = (start.loadUnaligned(as: UInt32.self), end.loadUnaligned(as: UInt32.self))
            if !JSONBytes.needsEscape(UInt64(first) | UInt64(last) << 32) {
                UnsafeMutableRawPointer(target).storeBytes(of: first, as: UInt32.self)
                UnsafeMutableRawPointer(target + count - 4).storeBytes(of: last, as: UInt32.self)
                return count
            }
        }
        while done < count {
            let byte = source[done]
            if JSONBytes.needsEscape(byte) { break }
            target[done] = byte
            done += 1
        }
        return done
    }

    /// The rest of a string, whose opening quote is written, from its first byte to escape on.
    @inline(never)
    private mutating func escaping(_ source: UnsafeBufferPointer<UInt8>, from first: Int) {
        // Every byte may become six.
        reserve((source.count - first) * 6 + 1)
        var index = first
        while index < source.count {
            let byte = source[index]
            index += 1
            guard JSONBytes.needsEscape(byte) else {
                base[count] = byte
                count += 1
                continue
            }
            escape(byte)
        }
        byte(UInt8(ascii: "\""))
    }

    private mutating func escape(_ character: UInt8) {
        let short: UInt8? =
            switch character {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): character
            case 0x08: UInt8(ascii: "b")
            case 0x09: UInt8(ascii: "t")
            case 0x0A: UInt8(ascii: "n")
            case 0x0C: UInt8(ascii: "f")
            case 0x0D: UInt8(ascii: "r")
            default: nil
            }
        byte(UInt8(ascii: "\\"))
        if let short { return byte(short) }
        byte(UInt8(ascii: "u"))
        byte(UInt8(ascii: "0"))
        byte(UInt8(ascii: "0"))
        byte(JSONBytes.hexDigit(character >> 4))
        byte(JSONBytes.hexDigit(character & 15))
    }
}

// MARK: - Literals and numbers

extension JSONWriter {
    mutating func null() {
        reserve(4)
        UnsafeMutableRawPointer(base + count).storeBytes(of: UInt32(littleEndian: 0x6C6C_756E), as: UInt32.self)
        count += 4
    }

    mutating func bool(_ value: Bool) {
        reserve(5)
        let target = UnsafeMutableRawPointer(base + count)
        target.storeBytes(of: UInt32(littleEndian: value ? 0x6575_7274 : 0x736C_6166), as: UInt32.self)
        if !value { target.storeBytes(of: UInt8(ascii: "e"), toByteOffset: 4, as: UInt8.self) }
        count += value ? 4 : 5
    }

    mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
        guard let small = Int64(exactly: value) else { return verbatim(value.description) }
        if small < 0 { byte(UInt8(ascii: "-")) }
        digits(small.magnitude)
    }

    /// `500.00`
    mutating func money(_ value: Money) {
        if value.minorUnits < 0 { byte(UInt8(ascii: "-")) }
        let (units, cents) = value.minorUnits.magnitude.quotientAndRemainder(dividingBy: 100)
        digits(units)
        byte(UInt8(ascii: "."))
        byte(UInt8(48 + cents / 10))
        byte(UInt8(48 + cents % 10))
    }

    /// Writes a number of at most six decimals, such as a rating, as its description does: `4.0`, `-0.25`. `false` when it
    /// is another: up to fifteen digits the shortest text that reads back as the same number is unique, beyond that not.
    mutating func shortDecimal(_ value: Double) -> Bool {
        let scaled = (value * 1e6).rounded()
        // From a ten-thousandth downwards a description has an exponent.
        guard scaled.magnitude >= 1e3, scaled.magnitude < 1e15, scaled / 1e6 == value else { return false }
        if scaled < 0 { byte(UInt8(ascii: "-")) }
        var (whole, rest) = UInt64(scaled.magnitude).quotientAndRemainder(dividingBy: 1_000_000)
        digits(whole)
        byte(UInt8(ascii: "."))
        repeat {
            (whole, rest) = rest.quotientAndRemainder(dividingBy: 100_000)
            byte(UInt8(48 + whole))
            rest *= 10
        } while rest != 0
        return true
    }

    private mutating func digits(_ value: UInt64) {
        reserve(20)
        var length = 1
        var bound: UInt64 = 10
        while length < 20, value >= bound {
            length += 1
            bound = length < 20 ? bound &* 10 : .max
        }
        var rest = value
        var position = count + length
        count = position
        while rest >= 10 {
            let (tens, ones) = rest.quotientAndRemainder(dividingBy: 10)
            position -= 1
            base[position] = UInt8(truncatingIfNeeded: 48 + ones)
            rest = tens
        }
        base[position - 1] = UInt8(truncatingIfNeeded: 48 + rest)
    }
}
