/// The parts of `yyyy-MM-dd[THH:mm[:ss[.fraction]][Z|±HH:mm|±HHmm]]`, read byte by byte because times are on every hot path.
struct TimestampText {
    let date: LocalDate
    let time: LocalTime?
    let offsetSeconds: Int?

    var local: LocalDateTime { LocalDateTime(date, time ?? .midnight) }

    init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { bytes in
            var reader = Reader(bytes: bytes)
            return reader.timestamp()
        }
        guard let parsed else { return nil }
        (date, time, offsetSeconds) = parsed
    }

    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0

        mutating func timestamp() -> (LocalDate, LocalTime?, Int?)? {
            guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
                let day = number(digits: 2), let date = LocalDate(year: year, month: month, day: day)
            else { return nil }
            if position == bytes.count { return (date, nil, nil) }
            guard take("T"), let time = timeOfDay() else { return nil }
            if position == bytes.count { return (date, time, nil) }
            guard let offset = offset(), position == bytes.count else { return nil }
            return (date, time, offset)
        }

        private mutating func timeOfDay() -> LocalTime? {
            guard let hour = number(digits: 2), hour < 24, take(":"), let minute = number(digits: 2), minute < 60 else {
                return nil
            }
            var micros = Int64(hour * 3600 + minute * 60) * 1_000_000
            if take(":") {
                guard let second = number(digits: 2), second < 60 else { return nil }
                micros += Int64(second) * 1_000_000
                if take(".") {
                    guard let fraction = fraction() else { return nil }
                    micros += fraction
                }
            }
            return LocalTime(microseconds: micros)
        }

        /// 1 to 9 digits, cut to microseconds.
        private mutating func fraction() -> Int64? {
            var value: Int64 = 0
            var count = 0
            while position < bytes.count, let digit = digit(at: position) {
                if count < 6 { value = value * 10 + Int64(digit) }
                count += 1
                position += 1
            }
            guard (1...9).contains(count) else { return nil }
            for _ in 0..<max(0, 6 - count) { value *= 10 }
            return value
        }

        private mutating func offset() -> Int? {
            if take("Z") { return 0 }
            let sign = take("+") ? 1 : take("-") ? -1 : 0
            guard sign != 0, let hours = number(digits: 2), hours <= 18 else { return nil }
            // Some generated clients write the offset without its colon.
            _ = take(":")
            guard let minutes = number(digits: 2), minutes < 60 else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }

        private mutating func number(digits: Int) -> Int? {
            guard position + digits <= bytes.count else { return nil }
            var value = 0
            for index in position..<position + digits {
                guard let digit = digit(at: index) else { return nil }
                value = value * 10 + digit
            }
            position += digits
            return value
        }

        private func digit(at index: Int) -> Int? {
            let digit = Int(bytes[index]) - 48
            return (0...9).contains(digit) ? digit : nil
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }
    }
}

/// Writes fixed-width numbers into a string's own storage.
struct Digits {
    private var target: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    static func text(capacity: Int, _ write: (inout Digits) -> Void) -> String {
        String(unsafeUninitializedCapacity: capacity) { buffer in
            var digits = Digits(target: buffer)
            write(&digits)
            return digits.count
        }
    }

    private init(target: UnsafeMutableBufferPointer<UInt8>) {
        self.target = target
    }

    mutating func byte(_ byte: UInt8) {
        target[count] = byte
        count += 1
    }

    mutating func two(_ value: Int) {
        byte(UInt8(48 + value / 10 % 10))
        byte(UInt8(48 + value % 10))
    }

    mutating func date(_ date: LocalDate) {
        two(date.year / 100)
        two(date.year % 100)
        byte(UInt8(ascii: "-"))
        two(date.month)
        byte(UInt8(ascii: "-"))
        two(date.day)
    }

    /// `HH:mm:ss` and `.SSS` unless zero.
    mutating func time(_ time: LocalTime) {
        two(time.hour)
        byte(UInt8(ascii: ":"))
        two(time.minute)
        byte(UInt8(ascii: ":"))
        two(time.second)
        let milliseconds = time.millisecond
        if milliseconds != 0 {
            byte(UInt8(ascii: "."))
            byte(UInt8(48 + milliseconds / 100))
            two(milliseconds % 100)
        }
    }
}
