package import CoreMetrics
import Synchronization

/// The metrics of a process, as swift-metrics makes them, and their text for Prometheus.
///
/// The memory is bounded whatever is counted: a name has so many series and no more. What would be another one counts into
/// nothing, and `caresync_metrics_refused_series` tells how many did. Labels are for fixed sets of values all the same.
package final class MetricsRegistry: MetricsFactory {
    /// Series of a name, unless ``describe(_:_:mostSeries:)`` says otherwise.
    package static let mostSeries = 100

    struct Family {
        let kind: MetricKind
        let limit: Int
        /// By their labels as the text shows them.
        var series: [String: any MetricSeries] = [:]
    }

    private struct Description {
        let help: String
        let limit: Int
    }

    private struct State {
        var families: [String: Family] = [:]
        var descriptions: [String: Description] = [:]
        var refused = 0
    }

    private let state = Mutex(State())

    package init() {
        describe("caresync_metrics_refused_series", "Series that were refused because their name has enough of them.")
    }

    /// What the text says of a name, and how many series it may have. Before its first series.
    package func describe(_ name: String, _ help: String, mostSeries: Int = MetricsRegistry.mostSeries) {
        state.withLock { $0.descriptions[name] = Description(help: help, limit: mostSeries) }
    }

    /// A value that is read when the text is written, such as the memory of the process.
    package func observe(
        _ name: String, _ help: String, isCounter: Bool = false, _ read: @escaping @Sendable () -> Double?
    ) {
        describe(name, help)
        let made = ObservedSeries(read)
        _ = series(name, [], isCounter ? .counter : .gauge, made) { made }
    }

    /// Everything, in the format 0.0.4 of Prometheus; names and series in a fixed order.
    package func text() -> String {
        let (families, descriptions, refused) = state.withLock { ($0.families, $0.descriptions, $0.refused) }
        var text = MetricsText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.begin(name, family.kind, help: descriptions[name]?.help)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(to: &text, name: name, labels: labels)
            }
        }
        text.begin(
            "caresync_metrics_refused_series", .gauge, help: descriptions["caresync_metrics_refused_series"]?.help)
        text.sample("caresync_metrics_refused_series", "", Double(refused))
        return text.text
    }

    /// The series of these labels; a new one when there is none yet, and `refused` where none may be added.
    private func series<Series: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricKind, _ refused: @autoclosure () -> Series,
        make: () -> Series
    ) -> Series {
        let name = MetricName.text(label, kind)
        let labels = MetricName.labels(dimensions)
        let found: Series? = state.withLock { state in
            let limit = state.descriptions[name]?.limit ?? Self.mostSeries
            var family = state.families[name] ?? Family(kind: kind, limit: limit)
            if let known = family.series[labels] as? Series { return known }
            guard family.kind == kind, family.series[labels] == nil, family.series.count < family.limit else {
                state.refused += 1
                return nil
            }
            let made = make()
            family.series[labels] = made
            state.families[name] = family
            return made
        }
        return found ?? refused()
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter, CounterSeries(), make: CounterSeries.init)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter, NumberSeries(), make: NumberSeries.init)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge, NumberSeries(), make: NumberSeries.init)
    }

    /// A gauge, or a histogram when it aggregates.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, .gauge, NumberSeries(), make: NumberSeries.init) }
        return series(label, dimensions, .histogram, HistogramSeries(), make: HistogramSeries.init)
    }

    /// A histogram of seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram, HistogramSeries(), make: HistogramSeries.init)
    }

    // What has been counted stays: a series that comes and goes is not what Prometheus expects.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
