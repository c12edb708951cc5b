import CareSyncCore

/// A span of time; the end is excluded.
struct Interval: Sendable, Hashable {
    let start: Instant
    let end: Instant

    func overlaps(_ other: Interval) -> Bool { start < other.end && other.start < end }

    func widened(by span: TimeSpan) -> Interval { Interval(start: start - span, end: end + span) }
}

/// A bookable span of a doctor's day.
struct Slot: Sendable, Hashable {
    /// What the clinic's clock shows at the start.
    let time: LocalDateTime
    let interval: Interval
}

/// Occupied time. Touching and overlapping intervals are merged, so a look-up is a binary search.
struct BusyTimes: Sendable, Equatable {
    private let spans: [Interval]

    static let none = BusyTimes([])

    init(_ intervals: [Interval]) {
        var merged: [Interval] = []
        for interval in intervals.sorted(by: { $0.start < $1.start }) {
            if let last = merged.last, interval.start <= last.end {
                merged[merged.count - 1] = Interval(start: last.start, end: max(last.end, interval.end))
            } else {
                merged.append(interval)
            }
        }
        spans = merged
    }

    func overlaps(_ interval: Interval) -> Bool {
        // The last span that starts before the interval's end is the only one that can reach into it.
        var low = 0
        var high = spans.count
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].start < interval.end { low = middle + 1 } else { high = middle }
        }
        return low > 0 && spans[low - 1].end > interval.start
    }
}
