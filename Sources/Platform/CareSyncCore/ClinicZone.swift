import Foundation

/// The clinic's time zone, with its clock changes from 1970 to 2100 in a searchable table.
///
/// Calendar rules are computed with it, never by adding 24 hours. Before and after the table the first and last offsets hold.
package struct ClinicZone: Sendable {
    /// The IANA name, such as `Asia/Kolkata`.
    package let identifier: String
    /// Sorted; each offset holds from its moment to the next one.
    private let changes: [Change]
    private let firstOffset: Int

    private struct Change {
        let at: Instant
        let offsetSeconds: Int
    }

    /// `nil` when the name is not an IANA zone.
    package init?(_ identifier: String) {
        guard let zone = TimeZone(identifier: identifier) else { return nil }
        self.identifier = identifier
        let start = Date(timeIntervalSince1970: 0)
        let end = Date(timeIntervalSince1970: 4_133_980_800)
        firstOffset = zone.secondsFromGMT(for: start)
        var changes: [Change] = []
        var moment = start
        while let next = zone.nextDaylightSavingTimeTransition(after: moment), next > moment, next < end {
            let at = Instant(seconds: Int64(next.timeIntervalSince1970.rounded()))
            changes.append(Change(at: at, offsetSeconds: zone.secondsFromGMT(for: next)))
            moment = next
        }
        self.changes = changes
    }

    /// Seconds the zone is ahead of UTC at a moment.
    package func offsetSeconds(at instant: Instant) -> Int {
        offset(afterChanges: changeCount(through: instant))
    }

    /// How many changes have happened by a moment.
    private func changeCount(through instant: Instant) -> Int {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func offset(afterChanges count: Int) -> Int {
        count == 0 ? firstOffset : changes[count - 1].offsetSeconds
    }

    /// The offset that every wall-clock reading of a day has; `nil` when the clock changes within a day or so of it.
    package func offsetSeconds(throughout date: LocalDate) -> Int? {
        let midnight = LocalDateTime(date, .midnight).instant(offsetSeconds: 0)
        return constantOffset(from: midnight - .hours(26), to: midnight + .hours(50))
    }

    private func constantOffset(from start: Instant, to end: Instant) -> Int? {
        let count = changeCount(through: start)
        guard count == changes.count || changes[count].at > end else { return nil }
        return offset(afterChanges: count)
    }

    /// What the clinic's wall clock shows at a moment.
    package func local(_ instant: Instant) -> LocalDateTime {
        LocalDateTime(instant, offsetSeconds: offsetSeconds(at: instant))
    }

    /// What the clinic's wall clock shows at the time a client named.
    package func local(_ client: ClientDateTime) -> LocalDateTime {
        client.offsetSeconds.map { local(client.reading.instant(offsetSeconds: $0)) } ?? client.reading
    }

    /// The day on the clinic's calendar at a moment.
    package func date(at instant: Instant) -> LocalDate {
        local(instant).date
    }

    /// The moment at which the wall clock shows a reading: the first one in a repeated hour, `nil` when the clock skips
    /// it.
    package func instant(of reading: LocalDateTime) -> Instant? {
        // A reading belongs to an offset if turning it into an instant with that offset and back gives the same reading.
        // Every offset in force within a day on either side is a candidate.
        let guess = reading.instant(offsetSeconds: 0)
        let before = offsetSeconds(at: guess - .hours(26))
        let after = offsetSeconds(at: guess + .hours(26))
        // Nearly always no change is near.
        let usual = reading.instant(offsetSeconds: before)
        if before == after, offsetSeconds(at: usual) == before { return usual }
        var first: Instant?
        for offset in [before, offsetSeconds(at: guess), after] {
            let candidate = reading.instant(offsetSeconds: offset)
            guard local(candidate) == reading else { continue }
            first = min(candidate, first ?? candidate)
        }
        return first
    }

    /// The moment a client named; `nil` when it named a wall-clock time that the clock jumps over.
    package func instant(of client: ClientDateTime) -> Instant? {
        client.offsetSeconds.map { client.reading.instant(offsetSeconds: $0) } ?? instant(of: client.reading)
    }

    /// The first moment of a day, which is not midnight where clocks change then.
    package func startOfDay(_ date: LocalDate) -> Instant {
        let midnight = LocalDateTime(date, .midnight)
        return instant(of: midnight) ?? change(skipping: midnight)
    }

    /// The moment at which the wall clock jumps over a reading that it never shows.
    package func change(skipping reading: LocalDateTime) -> Instant {
        // The only moment nearby whose offset is new.
        let before = reading.instant(offsetSeconds: offsetSeconds(at: reading.instant(offsetSeconds: 0) - .hours(26)))
        return changes.first { $0.at >= before - .hours(3) }?.at ?? before
    }

    /// ISO 8601 with the zone's offset at that moment: `2026-03-01T09:30:00+05:30`.
    package func text(_ instant: Instant) -> String {
        let offset = offsetSeconds(at: instant)
        let minutes = abs(offset) / 60
        let suffix = Digits.text(capacity: 6) {
            $0.byte(offset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            $0.two(minutes / 60)
            $0.byte(UInt8(ascii: ":"))
            $0.two(minutes % 60)
        }
        return LocalDateTime(instant, offsetSeconds: offset).description + suffix
    }
}
