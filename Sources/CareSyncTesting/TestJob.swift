import Outbox

/// A job that nobody carries out.
package struct TestJob: Job {
    package static let kind = "test.job"
    package let key: String

    package init(_ key: String = "one") {
        self.key = key
    }
}
