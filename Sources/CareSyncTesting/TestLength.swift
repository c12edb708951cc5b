import Foundation

/// How much of a long proof this run does: all of it when `CARESYNC_TEST_LONG` is set, as `scripts/test --long` does.
package enum TestLength {
    package static func choose(short: Int, long: Int) -> Int {
        ProcessInfo.processInfo.environment["CARESYNC_TEST_LONG"] == nil ? short : long
    }
}
