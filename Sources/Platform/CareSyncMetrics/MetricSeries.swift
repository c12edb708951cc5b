import CoreMetrics
import Synchronization

/// The numbers behind one name and its labels.
protocol MetricSeries: AnyObject, Sendable {
    func write(to text: inout MetricsText, name: String, labels: String)
}

final class CounterSeries: MetricSeries, CounterHandler {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }

    func write(to text: inout MetricsText, name: String, labels: String) {
        text.sample(name, labels, Double(count.load(ordering: .relaxed)))
    }
}

/// A gauge, or a counter of fractions.
final class NumberSeries: MetricSeries, MeterHandler, RecorderHandler, FloatingPointCounterHandler {
    private let number = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    func decrement(by amount: Double) { number.withLock { $0 -= amount } }
    func reset() { set(0.0) }

    func write(to text: inout MetricsText, name: String, labels: String) {
        text.sample(name, labels, number.withLock { $0 })
    }
}

/// A number that somebody else keeps.
final class ObservedSeries: MetricSeries {
    private let read: @Sendable () -> Double?

    init(_ read: @escaping @Sendable () -> Double?) {
        self.read = read
    }

    func write(to text: inout MetricsText, name: String, labels: String) {
        if let value = read() { text.sample(name, labels, value) }
    }
}

/// How many values were how large. Times are kept in nanoseconds, and shown in seconds.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler {
    /// Upper bounds in seconds, as they are shown, and in nanoseconds; what is larger is in the last bucket, `+Inf`.
    private static let bounds: [(shown: String, nanoseconds: UInt64)] = [
        ("0.001", 1_000_000), ("0.0025", 2_500_000), ("0.005", 5_000_000), ("0.01", 10_000_000),
        ("0.025", 25_000_000), ("0.05", 50_000_000), ("0.1", 100_000_000), ("0.25", 250_000_000),
        ("0.5", 500_000_000), ("1.0", 1_000_000_000), ("2.5", 2_500_000_000), ("5.0", 5_000_000_000),
        ("10.0", 10_000_000_000),
    ]

    private struct State {
        var buckets = [UInt64](repeating: 0, count: HistogramSeries.bounds.count + 1)
        var sum: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A clock that was set back gives no time at all.
    func recordNanoseconds(_ duration: Int64) {
        let duration = UInt64(max(duration, 0))
        let index = Self.bounds.firstIndex { duration <= $0.nanoseconds } ?? Self.bounds.count
        state.withLock {
            $0.buckets[index] &+= 1
            $0.sum &+= duration
        }
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let nanoseconds = value * 1_000_000_000
        recordNanoseconds(nanoseconds.isFinite ? Int64(max(0, min(nanoseconds, 9e18))) : 0)
    }

    func write(to text: inout MetricsText, name: String, labels: String) {
        let state = state.withLock { $0 }
        var count: UInt64 = 0
        for (bucket, bound) in zip(state.buckets, Self.bounds.map(\.shown) + ["+Inf"]) {
            count &+= bucket
            let all = labels.isEmpty ? "le=\"\(bound)\"" : "\(labels),le=\"\(bound)\""
            text.sample("\(name)_bucket", all, Double(count))
        }
        text.sample("\(name)_sum", labels, Double(state.sum) / 1_000_000_000)
        text.sample("\(name)_count", labels, Double(count))
    }
}
