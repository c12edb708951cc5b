import CareSyncMetrics
import CareSyncTesting
import CoreMetrics
import Testing

@Suite("Metrics registry")
struct MetricsRegistryTests {
    @Test("every kind is written in the format of Prometheus")
    func kinds() throws {
        let registry = MetricsRegistry()
        registry.describe("caresync_visits_total", "Visits, by \\ and \n kind.")
        Counter(label: "caresync_visits_total", dimensions: [("kind", "a")], factory: registry).increment(by: 3)
        Meter(label: "caresync_depth", factory: registry).set(-1.5)
        let timer = CoreMetrics.Timer(
            label: "caresync_wait_seconds", dimensions: [("b", "2"), ("a", "1")], factory: registry)
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(1_000_001)
        timer.recordNanoseconds(60_000_000_000)
        let metrics = try PrometheusText(registry.text())
        #expect(metrics.value("caresync_visits_total", ["kind": "a"]) == 3)
        #expect(metrics.help["caresync_visits_total"] == "Visits, by \\ and \n kind.")
        #expect(metrics.types["caresync_visits_total"] == "counter")
        #expect(metrics.value("caresync_depth") == -1.5)
        #expect(metrics.types["caresync_depth"] == "gauge")
        #expect(metrics.types["caresync_wait_seconds"] == "histogram")
        let labels = ["a": "1", "b": "2"]
        #expect(metrics.value("caresync_wait_seconds_bucket", labels.merging(["le": "0.001"]) { $1 }) == 1)
        #expect(metrics.value("caresync_wait_seconds_bucket", labels.merging(["le": "0.0025"]) { $1 }) == 2)
        #expect(metrics.value("caresync_wait_seconds_bucket", labels.merging(["le": "10.0"]) { $1 }) == 2)
        #expect(metrics.value("caresync_wait_seconds_bucket", labels.merging(["le": "+Inf"]) { $1 }) == 3)
        #expect(metrics.value("caresync_wait_seconds_count", labels) == 3)
        #expect(metrics.value("caresync_wait_seconds_sum", labels) == 60.002000001)
    }

    @Test("names and label values of any kind stay readable", arguments: ["", "x\"y", "a\\", "l\nm", "नाम", "{}=,"])
    func hostileTexts(_ text: String) throws {
        let registry = MetricsRegistry()
        Counter(label: text, dimensions: [("1\(text)", text)], factory: registry).increment()
        let metrics = try PrometheusText(registry.text())
        let counted = try #require(metrics.samples.first { $0.value == 1 })
        #expect(counted.name.hasPrefix("caresync_") && counted.name.hasSuffix("_total"))
        #expect(Array(counted.labels.values) == [text])
    }

    @Test("a name has so many series and no more, and what is refused is told")
    func bounded() throws {
        let registry = MetricsRegistry()
        for number in 0..<10_000 {
            Counter(label: "caresync_flood_total", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        let metrics = try PrometheusText(registry.text())
        let counted = metrics.samples.filter { $0.name == "caresync_flood_total" }
        #expect(counted.count == MetricsRegistry.mostSeries)
        #expect(metrics.value("caresync_metrics_refused_series") == Double(10_000 - MetricsRegistry.mostSeries))
    }

    @Test("the same name and labels are the same series, whatever their order; a second kind counts into nothing")
    func sameSeries() throws {
        let registry = MetricsRegistry()
        let labels = [("a", "1"), ("b", "2")]
        Counter(label: "caresync_same_total", dimensions: labels, factory: registry).increment()
        Counter(label: "caresync_same_total", dimensions: labels.reversed(), factory: registry).increment()
        Meter(label: "caresync_same_total", factory: registry).set(9)
        let metrics = try PrometheusText(registry.text())
        #expect(metrics.samples.filter { $0.name == "caresync_same_total" }.map(\.value) == [2])
    }

    @Test("parallel counting loses nothing")
    func parallel() async throws {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "caresync_parallel_total", factory: registry)
                    let timer = CoreMetrics.Timer(label: "caresync_parallel_seconds", factory: registry)
                    for _ in 0..<10_000 {
                        counter.increment()
                        timer.recordNanoseconds(1_000)
                    }
                }
            }
        }
        let metrics = try PrometheusText(registry.text())
        #expect(metrics.value("caresync_parallel_total") == 80_000)
        #expect(metrics.value("caresync_parallel_seconds_count") == 80_000)
        #expect(metrics.value("caresync_parallel_seconds_sum") == 0.08)
    }

    @Test("the process tells its memory, its files, its threads and its processor time")
    func process() throws {
        let registry = MetricsRegistry()
        ProcessFigures().add(to: registry)
        let metrics = try PrometheusText(registry.text())
        #expect(try #require(metrics.value("caresync_process_resident_memory_bytes")) > 1_000_000)
        #expect(try #require(metrics.value("caresync_process_open_fds")) >= 3)
        #expect(try #require(metrics.value("caresync_process_threads")) >= 1)
        #expect(try #require(metrics.value("caresync_process_cpu_seconds_total")) > 0)
        #expect(metrics.types["caresync_process_cpu_seconds_total"] == "counter")
    }
}
